// Every template of a notification has a title and a text in both languages.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import en from '../../web/i18n/en.js';
import hi from '../../web/i18n/hi.js';

globalThis.document = { documentElement: {} };
globalThis.localStorage = { getItem: () => null, setItem: () => undefined };
globalThis.sessionStorage = { getItem: () => null, setItem: () => undefined, removeItem: () => undefined };
const { setLocale } = await import('../../web/i18n/i18n.js');
const { notificationTexts } = await import('../../web/i18n/notification.js');

const types = readFileSync(new URL('../../types/notification.d.ts', import.meta.url), 'utf8');
const union = /\n\s+Template: ([^;]+);/.exec(types)?.[1] ?? '';
const templates = [...union.matchAll(/"(\w+)"/g)].map(([, template]) => template);

for (const [language, texts] of Object.entries({ en, hi })) {
  test(`each of ${templates.length} templates has a title and a text in ${language}`, () => {
    assert.ok(templates.length > 30);
    const keys = templates.flatMap((template) => [`notification.${template}`, `notification.${template}.title`]);
    assert.deepEqual(
      keys.filter((key) => !texts[key]),
      [],
    );
  });
}

const root = process.env.EV_ROOT ?? new URL('../../..', import.meta.url).pathname;
const source = readFileSync(join(root, 'services/notification/src/domain/template.rs'), 'utf8');
/** The parameters of each template, from the comment above it. */
const parameters = new Map(
  [...source.matchAll(/((?:\s*\/\/\/.*\n)?)\s*\w+ = "(\w+)",/g)].map(([, comment, template]) => [
    template,
    [...comment.matchAll(/`(\w+)`/g)].map(([, name]) => name).sort(),
  ]),
);

for (const [language, texts] of Object.entries({ en, hi })) {
  test(`each text uses the parameters of its template in ${language}`, () => {
    assert.deepEqual([...parameters.keys()].sort(), [...templates].sort());
    for (const [template, names] of parameters) {
      const message = texts[`notification.${template}`];
      const text = typeof message === 'string' ? message : Object.values(message).join(' ');
      // The count chooses a form, and a reason stands after the text.
      const used = new Set([...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
      const shown = names.filter((name) => name !== 'count' && name !== 'reason');
      assert.deepEqual([...used].sort(), shown, template);
    }
  });
}

const original = { title: 'Instalment overdue', body: 'In English' };

test('a notification has its amounts and days in the language in use', async () => {
  const params = { n: '2', booking_number: 'B-1', amount: '123456.00', due_on: '2026-11-29' };
  await setLocale('en');
  assert.deepEqual(notificationTexts({ ...original, template: 'instalment_overdue', params }), {
    title: 'Instalment overdue',
    body: 'Instalment 2 of your booking B-1, ₹1,23,456.00, was due on 29 Nov 2026.',
  });
  await setLocale('hi');
  assert.match(
    notificationTexts({ ...original, template: 'instalment_overdue', params }).body,
    /किस्त 2, ₹1,23,456\.00/,
  );
});

test('a reason stands after the text, and an empty one is left out', async () => {
  await setLocale('en');
  const body = (reason) => notificationTexts({ ...original, template: 'document_rejected', params: { reason } }).body;
  assert.equal(body('too dark'), 'Your document was rejected. Reason: too dark');
  assert.equal(body(''), 'Your document was rejected.');
});

test("a notification without a known template has the API's texts", () => {
  assert.deepEqual(notificationTexts({ ...original, template: null, params: null }), original);
  assert.deepEqual(notificationTexts({ ...original, template: 'of_the_future', params: { amount: '1.00' } }), original);
  const body = 'We received ₹123456.00 for your booking, ₹1.50 of it back.';
  assert.equal(
    notificationTexts({ title: 'Payment', body }).body,
    'We received ₹1,23,456.00 for your booking, ₹1.50 of it back.',
  );
});
