// `<ev-pay-form>`: a payment on a booking by one of four methods.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { get, post } from '../shell/api.js';
import { confirmAction } from '../shell/dialog.js';
import { amountInput, amountText } from '../shell/form.js';
import { Resource, show } from '../shell/resource.js';
import { toast } from '../shell/toast.js';
import { amountOf, money, paise } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';

/** @typedef {import('./booking-page.js').Booking} Booking */
/** @typedef {import('../shell/form.js').Values} Values */

const METHODS = /** @type {const} */ (['online', 'wallet', 'bank_transfer', 'cash']);

/** @typedef {typeof METHODS[number]} Method */

class PayForm extends ViewElement {
  /** @type {Booking | undefined} */
  booking;
  /** @type {() => void} */
  done = () => undefined;
  /** @type {Method} */
  #method = 'online';
  /** Each payment has a new form with the amount that is due then. */
  #paid = 0;
  #wallet = new Resource(this, (signal) => get('/api/v1/wallet', { signal }));

  view() {
    if (!this.booking) return null;
    const { booking } = this;
    return custom('ev-form', {
      key: `payment ${this.#paid}`,
      '.fields': [
        {
          name: 'amount',
          label: t('pay.amount'),
          hint: t('pay.amount_hint', { amount: money(booking.remaining) }),
          value: dueAmount(booking),
          input: amountInput(),
        },
        {
          name: 'method',
          label: t('pay.method'),
          type: 'select',
          value: this.#method,
          choices: METHODS.map((value) => ({ value, label: t(`payment.method.${value}`) })),
        },
      ],
      '.submitLabel': t('pay.submit'),
      '.preview': this.#next(booking),
      '.changed': (/** @type {Values} */ values) => this.#change(methodOf(values)),
      '.send': (/** @type {Values} */ values) => this.#pay(booking, values),
      '.done': (/** @type {unknown} */ payment) => payment && this.#finish(),
    });
  }

  /** @param {Method} method */
  #change(method) {
    if (method === 'wallet' && this.#method !== 'wallet') void this.#wallet.load();
    this.#method = method;
    this.update();
  }

  /** @param {Booking} booking */
  #next(booking) {
    return h(
      'div',
      { class: 'notice', 'aria-live': 'polite' },
      h('p', null, t(`pay.next.${this.#method}`, { number: booking.number })),
      this.#method === 'wallet'
        ? show(this.#wallet, ({ available }) => h('p', null, t('pay.available', { amount: money(available) })))
        : null,
    );
  }

  /**
   * @param {Booking} booking
   * @param {Values} values
   */
  #pay({ id, number }, values) {
    const amount = amountText(values['amount'] ?? '');
    const method = methodOf(values);
    return confirmAction({
      title: t('pay.title'),
      effects: h('p', null, t(`pay.effect.${method}`, { amount: money(amount), number })),
      label: t('pay.submit'),
      act: (key) => post('/api/v1/bookings/{id}/payments', { amount, method }, { params: { id }, key }),
    });
  }

  #finish() {
    toast(t(`payment.pending.${this.#method}`));
    this.#paid += 1;
    this.done();
  }
}

/**
 * @param {Values} values
 * @returns {Method}
 */
const methodOf = (values) => METHODS.find((method) => method === values['method']) ?? 'online';

/**
 * The amount that is due next: the rest of the booking amount, of the oldest open instalment, or of the price.
 * @param {Booking} booking
 */
function dueAmount(booking) {
  const missing = paise(booking.booking_amount) - paise(booking.total_paid);
  if (missing > 0n) return amountOf(missing);
  const instalment = booking.emi?.instalments.find(({ status }) => status !== 'paid');
  return instalment ? amountOf(paise(instalment.amount) - paise(instalment.paid)) : booking.remaining;
}

customElements.define('ev-pay-form', PayForm);
