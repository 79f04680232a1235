// Tables of the instalments of an EMI: of a booking, each with the part of it that is paid, and of a quote.

import { h } from '../shell/view.js';
import { statusTag } from '../shell/parts.js';
import { date, money, number, paise } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';

/** @typedef {{payment_id: string, amount: string}} Share */
/** @typedef {{n: number, due_on?: string | null, amount: string, paid: string, status: string, paid_by: Share[]}} Instalment */
/** @typedef {{n: number, due_on?: string | null, amount: string}} QuotedInstalment */

/**
 * `nameOf` gives the name of a payment, such as the number of its receipt.
 * @param {readonly Instalment[]} instalments
 * @param {(paymentId: string) => import('../shell/view.js').Child} nameOf
 */
export function instalmentTable(instalments, nameOf) {
  const paid = instalments.filter((instalment) => instalment.status === 'paid').length;
  const counts = { count: number(paid), all: number(instalments.length) };
  return [
    h('p', null, t('emi.paid_of', counts)),
    h('progress', { max: instalments.length, value: paid, 'aria-label': t('emi.paid_of', counts) }),
    table(
      instalments.map((instalment) => row(instalment, nameOf)),
      h('th', { scope: 'col', class: 'wide' }, t('emi.paid')),
    ),
  ];
}

/**
 * The instalments of a quote: the monthly amount, and all of them in a table that opens.
 * @param {readonly QuotedInstalment[]} instalments
 */
export function quotedInstalments(instalments) {
  const [first, last] = [instalments[0], instalments.at(-1)];
  if (!first || !last) return null;
  const counts = { count: instalments.length, amount: money(first.amount), last: money(last.amount) };
  const rows = instalments.map(({ n, due_on: dueOn, amount }) =>
    h(
      'tr',
      { key: n },
      h('th', { scope: 'row' }, number(n)),
      h('td', null, dueText(dueOn)),
      h('td', { class: 'end' }, money(amount)),
    ),
  );
  return [
    h('p', null, h('strong', null, t(first.amount === last.amount ? 'emi.monthly' : 'emi.monthly_last', counts))),
    h(
      'p',
      { class: 'hint' },
      t('emi.if_confirmed_today', { first: dueText(first.due_on), last: dueText(last.due_on) }),
    ),
    h('details', null, h('summary', null, t('booking.instalments')), table(rows)),
  ];
}

/** @param {string | null | undefined} dueOn */
const dueText = (dueOn) => (dueOn ? date(dueOn) : t('emi.due_later'));

/**
 * @param {import('../shell/view.js').Child} rows
 * @param {import('../shell/view.js').Child} [further] the head of a further column
 */
const table = (rows, further) =>
  h(
    'div',
    { class: 'table instalments', tabindex: 0, role: 'region', 'aria-label': t('booking.instalments') },
    h(
      'table',
      null,
      h('caption', { class: 'visually-hidden' }, t('booking.instalments')),
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          h('th', { scope: 'col' }, t('emi.number')),
          h('th', { scope: 'col' }, t('emi.due_on')),
          h('th', { scope: 'col', class: 'end' }, t('emi.amount')),
          further,
        ),
      ),
      h('tbody', null, rows),
    ),
  );

/**
 * @param {Instalment} instalment
 * @param {(paymentId: string) => import('../shell/view.js').Child} nameOf
 */
function row({ n, due_on: dueOn, amount, paid, status, paid_by: shares }, nameOf) {
  const share = { max: Number(paise(amount)), value: Number(paise(paid)), 'aria-label': t('emi.paid') };
  // An open instalment is the normal case and needs no mark.
  const state = status === 'pending' ? null : statusTag('instalment', status);
  return h(
    'tr',
    { key: n },
    h('th', { scope: 'row' }, number(n)),
    h('td', null, h('div', { class: 'row' }, dueText(dueOn), state)),
    h('td', { class: 'end' }, money(amount)),
    h(
      'td',
      { class: 'wide' },
      money(paid),
      h('progress', share),
      shares.map((part) =>
        h('p', { class: 'hint', key: part.payment_id }, money(part.amount), ' · ', nameOf(part.payment_id)),
      ),
    ),
  );
}
