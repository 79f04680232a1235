// `<ev-checkout>`: the open online order of a booking.
//
// It leads to the gateway's page. The sandbox gateway has none; where the platform offers it, a test button stands in.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { Problem } from '../shell/problem.js';
import { pairs, statusTag } from '../shell/parts.js';
import { post } from '../shell/api.js';
import { money } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { leaveForGateway } from './gateway-page.js';

/** @typedef {import('./booking-page.js').Payment} Payment */

const OUTCOMES = /** @type {const} */ (['captured', 'failed']);

class Checkout extends ViewElement {
  /** @type {Payment | undefined} */
  payment;
  /** @type {() => void} */
  done = () => undefined;
  #isTestable = false;
  #isOpening = false;
  /** @type {unknown} */
  #error;

  start() {
    if (this.payment?.gateway === 'sandbox') void this.#probe();
  }

  /** The address of the test checkout, which only a development platform has. */
  get #address() {
    return `/dev/sandbox/orders/${encodeURIComponent(this.payment?.checkout?.order_id ?? '')}`;
  }

  /** A path that takes POST alone refuses GET as a method; a path that does not exist is not found. */
  async #probe() {
    const response = await fetch(this.#address, { signal: this.signal }).catch(() => null);
    this.#isTestable = response !== null && response.status !== 404;
    this.update();
  }

  /** @param {typeof OUTCOMES[number]} outcome */
  async #finish(outcome) {
    this.#error = undefined;
    const headers = { 'Content-Type': 'application/json' };
    try {
      const response = await fetch(this.#address, {
        method: 'POST',
        headers,
        body: JSON.stringify({ outcome, amount: this.payment?.amount }),
      });
      if (response.status === 404) this.#isTestable = false;
      else if (!response.ok) throw new Problem({ status: response.status, code: `http.${response.status}` });
      this.done();
    } catch (error) {
      this.#error = error instanceof Problem ? error : new Problem({ status: 0, code: 'network.offline' });
    }
    this.update();
  }

  /** Continues at the gateway with the order that the payment has. */
  async #open() {
    [this.#error, this.#isOpening] = [undefined, true];
    this.update();
    try {
      const checkout = await post('/api/v1/payments/{id}/checkout', undefined, {
        params: { id: this.payment?.id ?? '' },
        signal: this.signal,
      });
      leaveForGateway(checkout);
    } catch (error) {
      this.#error = error;
      this.done();
    }
    this.#isOpening = false;
    this.update();
  }

  view() {
    const { checkout, gateway, amount, status } = this.payment ?? {};
    if (!gateway || !amount || !status) return null;
    return h(
      'section',
      { class: 'card' },
      h('div', { class: 'row' }, h('h2', { class: 'grow' }, t('checkout.title')), statusTag('payment', status)),
      h('p', null, t('checkout.about')),
      pairs([
        [t('pay.amount'), money(amount)],
        [t('checkout.order'), checkout?.order_id],
        [t('checkout.gateway'), t(`gateway.${gateway}`)],
      ]),
      this.#error ? custom('ev-problem', { '.error': this.#error }) : null,
      gateway === 'sandbox'
        ? null
        : h(
            'footer',
            { class: 'actions' },
            h(
              'button',
              { type: 'button', class: 'primary', disabled: this.#isOpening, onclick: () => this.#open() },
              t('checkout.continue', { gateway: t(`gateway.${gateway}`) }),
            ),
          ),
      this.#isTestable
        ? h(
            'footer',
            { class: 'actions' },
            OUTCOMES.map((outcome) =>
              h('button', { type: 'button', onclick: () => this.#finish(outcome) }, t(`checkout.test_${outcome}`)),
            ),
          )
        : null,
    );
  }
}

customElements.define('ev-checkout', Checkout);
