// Both languages have the same texts, with the same parameters, and every text that the console names.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

const parts = [
  ['../../web/i18n/en.js', '../../web/i18n/hi.js'],
  ['../../web/i18n/office-en.js', '../../web/i18n/office-hi.js'],
];

const forms = (message) => (typeof message === 'string' ? [message] : Object.values(message));
const parameters = (message) => [...new Set(forms(message).flatMap((form) => form.match(/\{\w+\}/g) ?? []))].sort();

for (const [en, hi] of parts) {
  test(`${en} and ${hi} have the same keys and parameters`, async () => {
    const [english, hindi] = [(await import(en)).default, (await import(hi)).default];
    assert.deepEqual(Object.keys(hindi).sort(), Object.keys(english).sort());
    for (const [key, message] of Object.entries(english)) {
      assert.deepEqual(parameters(hindi[key]), parameters(message), key);
    }
  });

  test(`${hi} is in Hindi`, async () => {
    const hindi = (await import(hi)).default;
    const isLatin = (message) => forms(message).every((form) => !/[\u0900-\u097f]/.test(form));
    const latin = Object.entries(hindi).filter(([, message]) => isLatin(message));
    // Names, numbers and formats are the same in both languages.
    assert.ok(latin.length < Object.keys(hindi).length / 20, latin.map(([key]) => key).join(', '));
  });
}

const web = new URL('../../web', import.meta.url).pathname;
const modules = readdirSync(web, { recursive: true })
  .filter((file) => file.endsWith('.js') && !/^i18n\/(en|hi|office)/.test(file))
  .map((file) => readFileSync(join(web, file), 'utf8'));

test('each text that is named in the code exists', async () => {
  const texts = Object.assign({}, ...(await Promise.all(parts.map(async ([en]) => (await import(en)).default))));
  const calls = modules.flatMap((code) => [...code.matchAll(/\bt\(([^()]*)/g)].map(([, named]) => named));
  const keys = calls.flatMap((named) => [...named.matchAll(/'([a-z_]+(?:\.\w+)+)'/g)].map(([, key]) => key));
  assert.ok(keys.length > 900, String(keys.length));
  assert.deepEqual(
    keys.filter((key) => !(key in texts)),
    [],
  );
});
