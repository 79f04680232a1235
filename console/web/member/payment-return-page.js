// `<ev-payment-return-page>`: where a payment gateway sends the payer back; it waits until the payment has arrived.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { get } from '../shell/api.js';
import { detailPage } from '../shell/detail-page.js';
import { onChange } from '../shell/live.js';
import { pairs, statusTag } from '../shell/parts.js';
import { Resource } from '../shell/resource.js';
import { money } from '../i18n/format.js';
import { find, t } from '../i18n/i18n.js';

/** @typedef {import('./booking-page.js').Payment} Payment */

/** Pauses between two questions; the gateway confirms most payments within seconds. */
const PAUSES_MS = [1_000, 2_000, 3_000, 5_000, 5_000, 10_000, 10_000, 15_000, 30_000, 30_000];

class PaymentReturnPage extends ViewElement {
  query = new URLSearchParams();
  #asked = 0;
  /** @type {Resource<Payment>} */
  #payment = new Resource(this, (signal) =>
    get('/api/v1/payments/{id}', { params: { id: this.query.get('payment_id') ?? '' }, signal }),
  );

  start() {
    void this.#payment.load();
    this.#wait();
    onChange(['booking'], () => void this.#payment.load(), this.signal);
  }

  /** Asks again while the payment is pending. A first question that failed is repeated by hand. */
  #wait() {
    const pause = PAUSES_MS[this.#asked];
    if (pause === undefined) return;
    this.#asked += 1;
    const timer = setTimeout(() => {
      if (this.#payment.value?.status === 'pending') void this.#payment.load();
      this.#wait();
    }, pause);
    this.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  }

  view() {
    return detailPage({ title: t('payment_return.title') }, this.#payment, (payment) => [
      h('h1', null, t('payment_return.title')),
      h(
        'section',
        { class: 'card', 'aria-live': 'polite' },
        h(
          'div',
          { class: 'row' },
          h('h2', { class: 'grow' }, money(payment.amount)),
          statusTag('payment', payment.status),
        ),
        h('p', null, t(`payment_return.${payment.status}`)),
        pairs([
          [t('checkout.gateway'), payment.gateway ? t(`gateway.${payment.gateway}`) : null],
          [t('payment.receipt_number'), payment.receipt_number],
          [t('booking.reason'), payment.reason ? (find(`payment.reason.${payment.reason}`) ?? payment.reason) : null],
        ]),
        h(
          'footer',
          { class: 'actions' },
          h('a', { class: 'button', href: `/bookings/${payment.booking_id}` }, t('payment_return.to_booking')),
        ),
      ),
    ]);
  }
}

customElements.define('ev-payment-return-page', PaymentReturnPage);
