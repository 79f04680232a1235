// List of the payments of a booking, each with its state, its refund and its receipt.

import { custom, h } from '../shell/view.js';
import { inLanguage, saveFile, statusTag } from '../shell/parts.js';
import { dateTime, money } from '../i18n/format.js';
import { find, t } from '../i18n/i18n.js';
import { taxText } from './receipt-tax.js';
import './payment-instructions.js';

/** @typedef {import('./booking-page.js').Payment} Payment */

/**
 * @param {Payment[]} payments
 * @param {string} number the number of the booking
 */
export function paymentList(payments, number) {
  if (payments.length === 0) return h('p', { class: 'hint' }, t('payments.empty'));
  return h(
    'ul',
    { class: 'feed' },
    payments.map((payment) => entry(payment, number)),
  );
}

/**
 * @param {Payment} payment
 * @param {string} number
 */
function entry(payment, number) {
  const { id, amount, method, status, reason, reference, refund, receipt_number: receipt } = payment;
  const name = t('payments.name', { method: t(`payment.method.${method}`), amount: money(amount) });
  return h(
    'li',
    { key: id, class: 'stack-small' },
    h('div', { class: 'row' }, h('strong', { class: 'grow' }, name), statusTag('payment', status)),
    h(
      'p',
      { class: 'hint' },
      h('time', { datetime: payment.created_at }, dateTime(payment.created_at)),
      reference ? ` · ${t('payment.reference', { reference })}` : null,
      receipt ? ` · ${t('payment.receipt_number')} ${receipt}` : null,
      payment.tax ? ` · ${taxText(payment.tax)}` : null,
    ),
    status === 'pending' ? h('p', null, t(`payment.pending.${method}`)) : null,
    status === 'pending' && (method === 'bank_transfer' || method === 'cash')
      ? h(
          'details',
          null,
          h('summary', null, t('pay.instructions')),
          custom('ev-payment-instructions', { '.method': method, '.number': number }),
        )
      : null,
    // The wallet gives a code, other services a text.
    reason ? h('p', null, find(`payment.reason.${reason}`) ?? reason) : null,
    refund
      ? h(
          'div',
          { class: 'row' },
          h(
            'span',
            { class: 'grow' },
            t('payment.refund', { amount: money(refund.amount), to: t(`refund.to.${refund.refund_to}`) }),
          ),
          statusTag('refund', refund.status),
        )
      : null,
    status === 'completed' || status === 'refunded' ? receiptButton(id, name) : null,
  );
}

/**
 * @param {string} id
 * @param {string} name
 */
const receiptButton = (id, name) =>
  h(
    'div',
    null,
    h(
      'button',
      {
        type: 'button',
        'aria-label': t('payment.receipt_of', { name }),
        onclick: () => saveFile('/api/v1/payments/{id}/receipt', { params: { id }, query: inLanguage() }),
      },
      custom('ev-icon', { name: 'download' }),
      t('payment.receipt'),
    ),
  );
