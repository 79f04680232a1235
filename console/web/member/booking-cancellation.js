// `<ev-booking-cancellation>`: cancellation of a booking, with the destination of its refunds.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { post } from '../shell/api.js';
import { confirmAction } from '../shell/dialog.js';
import { effectList } from '../shell/parts.js';
import { toast } from '../shell/toast.js';
import { amountOf, money, paise } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import '../shell/form.js';

/** @typedef {import('./booking-page.js').Booking} Booking */
/** @typedef {import('./booking-page.js').Payment} Payment */
/** @typedef {import('../shell/form.js').Values} Values */

class BookingCancellation extends ViewElement {
  /** @type {Booking | undefined} */
  booking;
  /** @type {readonly Payment[]} */
  payments = [];
  /** @type {() => void} */
  done = () => undefined;

  view() {
    const { booking } = this;
    if (!booking) return null;
    return h(
      'details',
      null,
      h('summary', { class: 'button' }, t('booking.cancel_open')),
      h(
        'div',
        { class: 'details-body' },
        custom('ev-form', {
          '.fields': [
            {
              name: 'refund_to',
              label: t('refund.to'),
              hint: t('refund.to_hint'),
              type: 'select',
              value: 'wallet',
              choices: ['wallet', 'source'].map((value) => ({ value, label: t(`refund.to.${value}`) })),
            },
            { name: 'reason', label: t('booking.reason'), isOptional: true, input: { maxlength: 200 } },
          ],
          '.submitLabel': t('booking.cancel'),
          '.send': (/** @type {Values} */ values) => this.#cancel(booking, values),
          '.done': (/** @type {unknown} */ answer) => answer && this.#finish(),
        }),
      ),
    );
  }

  /**
   * @param {Booking} booking
   * @param {Values} values
   */
  #cancel({ id, number }, values) {
    /** @type {'wallet' | 'source'} */
    const refundTo = values['refund_to'] === 'source' ? 'source' : 'wallet';
    const refunds = refundsOf(this.payments, refundTo).map(([to, amount]) => t(`booking.cancel_to_${to}`, { amount }));
    return confirmAction({
      title: t('booking.cancel'),
      effects: effectList([t('booking.cancel_effect', { number }), t('booking.cancel_pending'), ...refunds]),
      label: t('booking.cancel'),
      isDestructive: true,
      act: (key) =>
        post(
          '/api/v1/bookings/{id}/cancel',
          { refund_to: refundTo, reason: values['reason'] || null },
          { params: { id }, key },
        ),
    });
  }

  #finish() {
    toast(t('booking.cancelled'));
    this.done();
  }
}

/**
 * The amounts that a cancellation refunds, by destination: EMI deductions go to the EMI reserve, online payments to
 * `preferred`, and other payments to the wallet.
 * @param {readonly Payment[]} payments
 * @param {'wallet' | 'source'} preferred
 */
function refundsOf(payments, preferred) {
  /** @type {Map<string, bigint>} */
  const sums = new Map();
  for (const { method, amount, status } of payments) {
    if (status !== 'completed') continue;
    const other = method === 'online' ? preferred : 'wallet';
    const to = method === 'emi_deduction' ? 'emi_reserve' : other;
    sums.set(to, (sums.get(to) ?? 0n) + paise(amount));
  }
  return [...sums].map(([to, sum]) => /** @type {const} */ ([to, money(amountOf(sum))]));
}

customElements.define('ev-booking-cancellation', BookingCancellation);
