// `<ev-booking-page>`: one booking with its amounts, payments and instalments, and what its member can do with it.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { get, readAll } from '../shell/api.js';
import { onChange } from '../shell/live.js';
import { detailPage } from '../shell/detail-page.js';
import { backLink, card, inLanguage, pairs, saveButton, saveFile, statusTag } from '../shell/parts.js';
import { Resource, show } from '../shell/resource.js';
import { dateTime, money, paise } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { deliveryPairs } from './delivery-pairs.js';
import { instalmentTable } from './instalment-table.js';
import { paymentList } from './payment-list.js';
import { payoffParts, readPayoff } from './payoff.js';
import './booking-cancellation.js';
import './checkout.js';
import './emi-form.js';
import './pay-form.js';

/** @typedef {Awaited<ReturnType<typeof readBooking>>} Booking */
/** @typedef {Awaited<ReturnType<typeof readPayments>>[number]} Payment */

/** The services publish an action to each other within seconds; the page then shows its result. */
const RELOADS_MS = [1_000, 3_000, 8_000];

/**
 * @param {string} id
 * @param {AbortSignal} signal
 */
const readBooking = (id, signal) => get('/api/v1/bookings/{id}', { params: { id }, signal });

/**
 * @param {string} id
 * @param {AbortSignal} signal
 */
const readPayments = (id, signal) =>
  readAll((cursor) => get('/api/v1/payments', { query: { booking_id: id, cursor, limit: 100 }, signal }));

class BookingPage extends ViewElement {
  /** @type {Record<string, string>} */
  params = {};
  #booking = new Resource(this, (signal) => readBooking(this.params['id'] ?? '', signal));
  #payments = new Resource(this, (signal) => readPayments(this.params['id'] ?? '', signal));

  #payoff = new Resource(this, (signal) => readPayoff(this.params['id'] ?? '', signal));
  /** @type {string | undefined} The amount that was chosen for the payment. */
  #amount;

  start() {
    this.#load();
    onChange(['booking'], () => this.#load(), this.signal);
  }

  #load() {
    void this.#booking.load();
    void this.#payments.load();
    void this.#payoff.load();
  }

  #reload = () => {
    this.#amount = undefined;
    this.#load();
    for (const delay of RELOADS_MS) {
      const timer = setTimeout(() => this.#load(), delay);
      this.signal.addEventListener('abort', () => clearTimeout(timer));
    }
  };

  view() {
    return detailPage(
      { back: backLink('/bookings', t('bookings.back')), title: t('booking.title') },
      this.#booking,
      (booking) => this.#content(booking),
    );
  }

  /** @param {string} amount */
  #choose = (amount) => {
    this.#amount = amount;
    this.update();
    this.querySelector('ev-pay-form')?.scrollIntoView({ block: 'center' });
    requestAnimationFrame(() => {
      const field = this.querySelector('ev-pay-form input[name="amount"]');
      if (field instanceof HTMLElement) field.focus();
    });
  };

  /** @param {string} paymentId */
  #receiptOf = (paymentId) =>
    (this.#payments.value ?? []).find(({ id }) => id === paymentId)?.receipt_number ?? t('payment.receipt_pending');

  #left() {
    return show(this.#payoff, (payoff) => (payoff ? payoffParts(payoff, this.#choose) : null));
  }

  /** @param {Booking} booking */
  #content(booking) {
    const isOpen = booking.status === 'pre_booked' || booking.status === 'confirmed';
    const order = (this.#payments.value ?? []).find(({ gateway, status }) => gateway && status === 'pending');
    const actions = { class: 'stack', '.booking': booking, '.done': this.#reload };
    return [
      h('h1', null, booking.vehicle.name),
      amounts(booking),
      order ? custom('ev-checkout', { key: order.id, '.payment': order, '.done': this.#reload }) : null,
      isOpen ? keyedCard('payoff', t('payoff.title'), this.#left()) : null,
      isOpen ? keyedCard('pay', t('pay.title'), custom('ev-pay-form', { ...actions, '.amount': this.#amount })) : null,
      booking.emi ? card(t('booking.instalments'), instalmentTable(booking.emi.instalments, this.#receiptOf)) : null,
      isOpen && !booking.emi ? keyedCard('emi', t('emi.title'), custom('ev-emi-form', actions)) : null,
      documentButtons(booking),
      h('p', null, h('a', { href: `/grievances?booking=${booking.id}` }, t('grievance.file'))),
      card(
        t('booking.payments'),
        show(this.#payments, (payments) => paymentList(payments, booking.number)),
      ),
      isOpen ? keyedCard('cancel', t('booking.cancel'), custom('ev-booking-cancellation', actions)) : null,
    ];
  }
}

/**
 * The documents of a confirmed booking.
 * @param {Booking} booking
 */
const documentButtons = ({ id, confirmed_at: confirmedAt, emi }) =>
  confirmedAt
    ? h(
        'div',
        { class: 'row' },
        saveButton(t('booking.confirmation'), () =>
          saveFile('/api/v1/bookings/{id}/confirmation', { params: { id }, query: inLanguage() }),
        ),
        emi
          ? saveButton(t('booking.emi_schedule'), () =>
              saveFile('/api/v1/bookings/{id}/emi/schedule', { params: { id }, query: inLanguage() }),
            )
          : null,
      )
    : null;

/**
 * A card whose content keeps its state when other cards come and go.
 * @param {string} key
 * @param {string} title
 * @param {import('../shell/view.js').Child} content
 */
const keyedCard = (key, title, content) => h('section', { class: 'card', key }, h('h2', null, title), content);

/** @param {Booking} booking */
function amounts(booking) {
  const { price, total_paid: paid, remaining, status, emi } = booking;
  const share = { max: Number(paise(price)), value: Number(paise(paid)), 'aria-label': t('booking.total_paid') };
  return h(
    'section',
    { class: 'card' },
    h('div', { class: 'row' }, h('h2', { class: 'grow' }, booking.number), statusTag('booking', status)),
    h('p', { class: 'hint' }, t(`booking.about.${status}`)),
    h(
      'dl',
      { class: 'figures' },
      [
        [t('booking.price'), price],
        [t('booking.total_paid'), paid],
        [t('booking.remaining'), remaining],
      ].map(([name, amount = '']) => h('div', null, h('dt', null, name), h('dd', null, money(amount)))),
    ),
    h('progress', share),
    pairs([
      [t('booking.booking_amount'), money(booking.booking_amount)],
      [t('booking.emi'), emi ? t('emi.months', { count: emi.months }) : null],
      [t('booking.created_at'), dateTime(booking.created_at)],
      [t('booking.confirmed_at'), booking.confirmed_at ? dateTime(booking.confirmed_at) : null],
      ...deliveryPairs(booking),
      [t('booking.reason'), booking.reason],
    ]),
  );
}

customElements.define('ev-booking-page', BookingPage);
