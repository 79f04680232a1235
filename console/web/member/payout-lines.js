// `<ev-payout-lines>`: the lines of a payout, which add up: what was taken, where it went, and what came back.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { get } from '../shell/api.js';
import { Resource, show } from '../shell/resource.js';
import { dateTime, money, signedMoney } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';

/** @typedef {import('../shell/api.js').Answer<'get', '/api/v1/payouts/{id}/lines'>} Lines */
/** @typedef {Lines['lines'][number]} Line */

class PayoutLines extends ViewElement {
  payoutId = '';
  #lines = new Resource(this, (signal) => get('/api/v1/payouts/{id}/lines', { params: { id: this.payoutId }, signal }));

  start() {
    void this.#lines.load();
  }

  view() {
    return show(this.#lines, table);
  }
}

/** @param {Lines} lines */
const table = ({ lines, is_estimate: isEstimate }) => [
  isEstimate ? h('p', { class: 'hint' }, t('payout.estimate')) : null,
  h(
    'table',
    { class: 'sum' },
    h('caption', { class: 'visually-hidden' }, t('payout.lines')),
    h('tbody', null, lines.map(row)),
    h('tfoot', null, h('tr', null, h('th', { scope: 'row' }, t('payout.line.sum')), amountCell('0.00'))),
  ),
];

/**
 * @param {Line} line
 * @param {number} n
 */
const row = (line, n) =>
  h(
    'tr',
    { key: `${line.kind}-${n}` },
    h(
      'th',
      { scope: 'row' },
      nameOf(line),
      [taxText(line), line.reference ? t('payout.line.reference', { reference: line.reference }) : null, timeOf(line)]
        .filter((text) => text !== null)
        .map((text) => h('span', { class: 'hint block' }, text)),
    ),
    amountCell(line.amount),
  );

/** @param {Line} line */
function nameOf({ kind, reverses }) {
  if (reverses === 'payout') return t('payout.line.back');
  return reverses ? t('payout.line.reversal', { line: t(`payout.line.${reverses}`) }) : t(`payout.line.${kind}`);
}

/** @param {string} amount */
const amountCell = (amount) => h('td', { class: 'end' }, amount === '0.00' ? money(amount) : signedMoney(amount));

/** @param {Line} line */
const timeOf = ({ at }) => (at ? h('time', { datetime: at }, dateTime(at)) : null);

/**
 * What the deduction follows from.
 * @param {Line} line
 */
function taxText({ tax }) {
  if (!tax) return null;
  const { section, rate, financial_year: year, paid_before: paidBefore, threshold, on } = tax;
  const basis = t('payout.line.tax', { section, rate, year, paid_before: money(paidBefore) });
  return threshold === '0.00' ? basis : `${basis} ${t(`payout.line.tax_on.${on}`, { threshold: money(threshold) })}`;
}

customElements.define('ev-payout-lines', PayoutLines);
