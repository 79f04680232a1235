// Table of the instalments of an EMI, each with the part of it that is paid.

import { h } from '../shell/view.js';
import { statusTag } from '../shell/parts.js';
import { date, money, number, paise } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';

/** @typedef {{n: number, due_on?: string | null, amount: string, paid: string, status: string}} Instalment */

/** @param {readonly Instalment[]} instalments */
export function instalmentTable(instalments) {
  const paid = instalments.filter((instalment) => instalment.status === 'paid').length;
  const counts = { count: number(paid), all: number(instalments.length) };
  return [
    h('p', null, t('emi.paid_of', counts)),
    h('progress', { max: instalments.length, value: paid, 'aria-label': t('emi.paid_of', counts) }),
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
            h('th', { scope: 'col', class: 'wide' }, t('emi.paid')),
          ),
        ),
        h('tbody', null, instalments.map(row)),
      ),
    ),
  ];
}

/** @param {Instalment} instalment */
function row({ n, due_on: dueOn, amount, paid, status }) {
  const share = { max: Number(paise(amount)), value: Number(paise(paid)), 'aria-label': t('emi.paid') };
  // An open instalment is the normal case and needs no mark.
  const state = status === 'pending' ? null : statusTag('instalment', status);
  return h(
    'tr',
    { key: n },
    h('th', { scope: 'row' }, number(n)),
    h('td', null, h('div', { class: 'row' }, dueOn ? date(dueOn) : t('emi.due_later'), state)),
    h('td', { class: 'end' }, money(amount)),
    h('td', { class: 'wide' }, money(paid), h('progress', share)),
  );
}
