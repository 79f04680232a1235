// `<ev-pay-form>`: a payment on a booking by one of the platform's methods, and what to do next.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { get, post } from '../shell/api.js';
import { confirmAction } from '../shell/dialog.js';
import { amountInput, amountText } from '../shell/form.js';
import { Resource, show } from '../shell/resource.js';
import { toast } from '../shell/toast.js';
import { amountOf, money, paise } from '../i18n/format.js';
import { find, t } from '../i18n/i18n.js';
import './payment-instructions.js';

/** @typedef {import('./booking-page.js').Booking} Booking */
/** @typedef {import('../shell/form.js').Values} Values */
/** @typedef {import('../shell/form.js').Sent} Sent */

/** @typedef {import('../shell/api.js').Answer<'get', '/api/v1/payments/methods'>['items'][number]} MethodView */
/** @typedef {import('../shell/api.js').Body<'post', '/api/v1/bookings/{id}/payments'>['method']} Method */

class PayForm extends ViewElement {
  /** @type {Booking | undefined} */
  booking;
  /** @type {string | undefined} The amount that was chosen beside the form. */
  amount;
  /** @type {() => void} */
  done = () => undefined;
  /** @type {Method | undefined} The chosen method; the first at the beginning. */
  #method;
  /** Each payment has a new form with the amount that is due then. */
  #paid = 0;
  #wallet = new Resource(this, (signal) => get('/api/v1/wallet', { signal }));

  #methods = new Resource(this, (signal) => get('/api/v1/payments/methods', { signal }));

  start() {
    void this.#methods.load();
  }

  view() {
    const { booking } = this;
    return booking ? show(this.#methods, ({ items }) => this.#form(booking, items)) : null;
  }

  /**
   * @param {Booking} booking
   * @param {readonly MethodView[]} methods
   */
  #form(booking, methods) {
    const chosen = methods.find(({ method }) => method === this.#method) ?? methods[0];
    if (!chosen) return h('p', { class: 'hint' }, t('pay.no_method'));
    const methodOf = (/** @type {Values} */ values) =>
      methods.find(({ method }) => method === values['method'])?.method ?? chosen.method;
    return custom('ev-form', {
      key: `payment ${this.#paid} ${this.amount ?? ''}`,
      '.fields': [
        {
          name: 'amount',
          label: t('pay.amount'),
          hint: t('pay.amount_hint', { amount: money(booking.remaining) }),
          value: this.amount ?? dueAmount(booking),
          input: amountInput(),
        },
        {
          name: 'method',
          label: t('pay.method'),
          type: 'select',
          value: chosen.method,
          choices: methods.map(({ method, label }) => ({
            value: method,
            label: find(`payment.method.${method}`) ?? label,
          })),
        },
      ],
      '.submitLabel': t('pay.submit'),
      '.preview': this.#next(booking, chosen),
      '.changed': (/** @type {Values} */ values) => this.#change(methodOf(values)),
      '.send': (/** @type {Values} */ values, /** @type {Sent} */ sent) =>
        this.#pay(booking, values, methodOf(values), sent),
      '.done': (/** @type {unknown} */ payment) => payment && this.#finish(chosen.method),
    });
  }

  /** @param {Method} method */
  #change(method) {
    if (method === 'wallet' && this.#method !== 'wallet') void this.#wallet.load();
    this.#method = method;
    this.update();
  }

  /**
   * What happens next with a method.
   * @param {Booking} booking
   * @param {MethodView} chosen
   */
  #next({ number }, { method, gateway }) {
    return h(
      'div',
      { class: 'notice stack', 'aria-live': 'polite' },
      h('p', null, find(`pay.next.${method}`, { number })),
      gateway ? h('p', { class: 'hint' }, t('pay.gateway', { gateway: t(`gateway.${gateway}`) })) : null,
      method === 'wallet'
        ? show(this.#wallet, ({ available }) => h('p', null, t('pay.available', { amount: money(available) })))
        : null,
      method === 'bank_transfer' || method === 'cash'
        ? custom('ev-payment-instructions', { key: method, '.method': method, '.number': number })
        : null,
    );
  }

  /**
   * @param {Booking} booking
   * @param {Values} values
   * @param {Method} method
   * @param {Sent} sent
   */
  #pay({ id, number }, values, method, sent) {
    const amount = amountText(values['amount'] ?? '');
    return confirmAction({
      title: t('pay.title'),
      effects: h('p', null, t(`pay.effect.${method}`, { amount: money(amount), number })),
      label: t('pay.submit'),
      ...sent,
      act: (key) => post('/api/v1/bookings/{id}/payments', { amount, method }, { params: { id }, key }),
    });
  }

  /** @param {Method} method */
  #finish(method) {
    toast(t(`payment.pending.${method}`));
    this.#paid += 1;
    this.done();
  }
}

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
