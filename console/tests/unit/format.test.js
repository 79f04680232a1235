// Amounts and times, in both languages.

import assert from 'node:assert/strict';
import test from 'node:test';

globalThis.document = { documentElement: {} };
globalThis.localStorage = { getItem: () => null, setItem: () => undefined };
const { amountOf, date, dateTime, money, paise, signedMoney } = await import('../../web/i18n/format.js');

test('an amount has Indian grouping and loses no paisa', () => {
  assert.equal(money('123456.00'), '₹1,23,456.00');
  assert.match(money('9007199254740993.01'), /993\.01$/);
  assert.equal(signedMoney('500.00'), '+₹500.00');
  assert.equal(signedMoney('-0.05'), '-₹0.05');
});

test('paise and amounts are each other', () => {
  for (const amount of ['0.00', '0.05', '-0.05', '1.50', '90071992547409.93', '-12345.60']) {
    assert.equal(amountOf(paise(amount)), amount);
  }
  assert.equal(paise('12'), 1200n);
});

test('a time is shown as in India, and a day is the same everywhere', () => {
  assert.match(dateTime('2026-11-29T20:00:00Z'), /^30 Nov 2026/);
  assert.equal(date('2026-11-29'), '29 Nov 2026');
});
