// Every code that the API's types name in explanations of amounts has its texts.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import texts from '../../web/i18n/en.js';

const types = readFileSync(new URL('../../types/wallet.d.ts', import.meta.url), 'utf8');

/** The names in backticks of the description that begins with `start`. */
function namesAfter(start) {
  const from = types.indexOf(start);
  assert.ok(from >= 0, start);
  const description = types.slice(from, types.indexOf('*/', from));
  return [...description.matchAll(/`([a-z_]+)`/g)].map(([, name]) => name);
}

/** The values of a type that is one of several texts. */
function valuesOf(name) {
  const found = new RegExp(`\\n\\s+${name}: ([^;]+);`).exec(types);
  assert.ok(found, name);
  return [...found[1].matchAll(/"(\w+)"/g)].map(([, value]) => value);
}

const lists = [
  ['wallet.cause', namesAfter('`payment_completed`, `payment_refunded`')],
  ['wallet.rule', namesAfter('Never changes. For a transaction `percent_of_first_booking`')],
  ['wallet.rule', valuesOf('RejectionReason')],
  ['wallet.term', namesAfter('Never changes: `payment_amount`')],
  ['wallet.term', namesAfter('The name of an earlier step, or of an input: `payment_amount`')],
  ['wallet.op', valuesOf('Operation')],
  ['wallet.kind', valuesOf('EntryKind')],
  ['wallet.relation', valuesOf('Relation')],
  ['wallet.type', valuesOf('TransactionType')],
];

for (const [prefix, codes] of lists) {
  test(`each of ${codes.length} codes from ${codes[0]} on has a text ${prefix}.…`, () => {
    assert.ok(codes.length > 2);
    assert.deepEqual(
      codes.filter((code) => !texts[`${prefix}.${code}`]),
      [],
    );
  });
}
