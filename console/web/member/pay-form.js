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
import { leaveForGateway } from './gateway-page.js';
import './payment-instructions.js';

/** @typedef {import('./booking-page.js').Booking} Booking */
/** @typedef {import('../shell/form.js').Values} Values */
/** @typedef {import('../shell/form.js').Sent} Sent */

/** @typedef {import('../shell/api.js').Answer<'get', '/api/v1/payments/methods'>['items'][number]} MethodView */
/** @typedef {import('../shell/api.js').Answer<'post', '/api/v1/bookings/{id}/payments'>} Started */

class PayForm extends ViewElement {
  /** @type {Booking | undefined} */
  booking;
  /** @type {string | undefined} The amount that was chosen beside the form. */
  amount;
  /** @type {() => void} */
  done = () => undefined;
  /** The chosen method with its gateway; the first at the beginning. */
  #choice = '';
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
    const chosen = methods.find((one) => choiceOf(one) === this.#choice) ?? methods[0];
    if (!chosen) return h('p', { class: 'hint' }, t('pay.no_method'));
    const methodOf = (/** @type {Values} */ values) =>
      methods.find((one) => choiceOf(one) === values['method']) ?? chosen;
    const isOnly = methods.filter(({ gateway }) => gateway).length === 1;
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
          value: choiceOf(chosen),
          choices: methods.map((one) => ({ value: choiceOf(one), label: nameOf(one, isOnly) })),
        },
      ],
      '.submitLabel': t('pay.submit'),
      '.preview': this.#next(booking, chosen),
      '.changed': (/** @type {Values} */ values) => this.#change(methodOf(values)),
      '.send': (/** @type {Values} */ values, /** @type {Sent} */ sent) =>
        this.#pay(booking, values, methodOf(values), sent),
      '.done': (/** @type {Started | undefined} */ payment) => payment && this.#finish(payment),
    });
  }

  /** @param {MethodView} chosen */
  #change(chosen) {
    const choice = choiceOf(chosen);
    if (chosen.method === 'wallet' && this.#choice !== choice) void this.#wallet.load();
    this.#choice = choice;
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
   * @param {MethodView} chosen
   * @param {Sent} sent
   */
  #pay({ id, number }, values, { method, gateway }, sent) {
    const amount = amountText(values['amount'] ?? '');
    const body = gateway ? { amount, method, gateway } : { amount, method };
    return confirmAction({
      title: t('pay.title'),
      effects: h('p', null, t(`pay.effect.${method}`, { amount: money(amount), number })),
      label: t('pay.submit'),
      ...sent,
      act: (key) => post('/api/v1/bookings/{id}/payments', body, { params: { id }, key }),
    });
  }

  /** @param {Started} payment */
  #finish({ method, checkout }) {
    if (!leaveForGateway(checkout)) toast(t(`payment.pending.${method}`));
    this.#paid += 1;
    this.done();
  }
}

/**
 * A value for the choice of a method and its gateway.
 * @param {MethodView} one
 */
const choiceOf = ({ method, gateway }) => (gateway ? `${method}:${gateway}` : method);

/**
 * The name of a method, with its gateway where there are several.
 * @param {MethodView} one
 * @param {boolean} isOnly whether it is the only gateway
 */
function nameOf({ method, gateway, label }, isOnly) {
  const name = find(`payment.method.${method}`) ?? label;
  return gateway && !isOnly ? t('pay.method_gateway', { method: name, gateway: t(`gateway.${gateway}`) }) : name;
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
