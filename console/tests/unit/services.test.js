// What the services name by codes has texts in both languages: actions of the audit log, work queues, and problems.
//
// The codes are read from the source of the services, so that a new one is not forgotten here.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import en from '../../web/i18n/office-en.js';
import hi from '../../web/i18n/office-hi.js';
import memberEn from '../../web/i18n/en.js';
import memberHi from '../../web/i18n/hi.js';
import { FIELDS } from '../../web/shell/problem-fields.js';

const languages = { en: { ...memberEn, ...en }, hi: { ...memberHi, ...hi } };
const root = process.env.EV_ROOT ?? new URL('../../..', import.meta.url).pathname;

/** The source files below a folder. */
const sources = (folder) =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return entry.name.endsWith('.rs') ? [path] : [];
  });

/** The code of a file without comments and its tests. */
const codeOf = (path) =>
  readFileSync(path, 'utf8')
    .replace(/^\s*\/\/.*$/gm, '')
    .split('#[cfg(test)]')[0];

const services = readdirSync(join(root, 'services'))
  .flatMap((name) => sources(join(root, 'services', name, 'src')))
  .map(codeOf);

const { items } = JSON.parse(readFileSync(join(root, 'deploy/nginx/docs/problems.json'), 'utf8'));
const problems = items.map(({ code }) => code);

const CODE = /"([a-z]+(?:\.[a-z_]+)+)"/g;
const BEFORE_FIELD = /(require|require_readable)\(\s*$|&mut errors,\s*$/;
const BEFORE_QUEUE = /QueueCount::\w+\(\s*$/;

/** The codes in a text that `isMeant` takes by what stands before them. */
const codesIn = (text, isMeant) =>
  [...text.matchAll(CODE)].filter((found) => isMeant(text.slice(0, found.index))).map((found) => found[1]);

const unique = (codes) => [...new Set(codes)].sort();
const missing = (keys, texts) => keys.filter((key) => !texts[key]);

// Of a file with audit records, what is no problem, no field and no queue is an action.
const audited = services.filter((text) => /\baudit\b/.test(text));
const isAction = (before) => !BEFORE_FIELD.test(before) && !BEFORE_QUEUE.test(before);
const actions = unique(audited.flatMap((text) => codesIn(text, isAction))).filter((code) => !problems.includes(code));
const subjects = unique(
  audited.flatMap((text) => {
    const parts = /impl AuditSubject for[\s\S]*?\n}/.exec(text)?.[0] ?? '';
    return [...parts.matchAll(/\("([a-z_]+)",/g)].map((found) => found[1]);
  }),
);
const queues = unique(services.flatMap((text) => codesIn(text, (before) => BEFORE_QUEUE.test(before))));

/** Problems that the console cannot meet: faults of a program, and of requests that it does not send. */
const NOT_MET = [
  /^(health|notification)\./,
  /^request\.(bad_|body_|broken_|field_|headers_|malformed|method_|not_json|not_multipart|refused|unknown_|uri_|wrong_)/,
  /^(auth\.(ids_invalid|receipt_signature)|binary\.depth_too_large|binary\.too_many_ids)$/,
  /^(booking|payout)\.webhook_signature$/,
  /^(idempotency\.bad_key|reports\.compare_needs_json)$/,
];

for (const [language, texts] of Object.entries(languages)) {
  test(`each of ${actions.length} actions of staff has a text in ${language}, and no other`, () => {
    assert.ok(actions.length > 40);
    const known = Object.keys(texts).filter((key) => key.startsWith('office.audit.action.'));
    assert.deepEqual(known.sort(), actions.map((action) => `office.audit.action.${action}`).sort());
  });

  test(`each of ${subjects.length} kinds of subjects has a text in ${language}, and no other`, () => {
    assert.ok(subjects.length > 15);
    const known = Object.keys(texts).filter((key) => /^office\.audit\.subject\.(?!id$)/.test(key));
    assert.deepEqual(known.sort(), subjects.map((subject) => `office.audit.subject.${subject}`).sort());
  });

  test(`each of ${queues.length} work queues has a text in ${language}`, () => {
    assert.ok(queues.length > 8);
    const keys = queues.map((queue) => `office.queue.${queue}`);
    assert.deepEqual(missing(keys, texts), []);
  });

  test(`each of ${problems.length} problems that a person can meet has a text in ${language}`, () => {
    assert.ok(problems.length > 100);
    const met = problems.filter((code) => !NOT_MET.some((pattern) => pattern.test(code)));
    const keys = met.map((code) => `problem.${code}`);
    assert.deepEqual(missing(keys, texts), []);
  });
}

test('each problem that stands next to a field is one of the platform', () => {
  assert.deepEqual(
    [...FIELDS.keys()].filter((code) => !problems.includes(code)),
    [],
  );
});
