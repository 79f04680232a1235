// `<ev-office-booking-page>`: one booking of a member, with its payments and its instalments; its cancellation, delivery
// and return.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { get, post } from '../shell/api.js';
import { detailPage } from '../shell/detail-page.js';
import { backLink, card, pairs, statusTag } from '../shell/parts.js';
import { Resource, show } from '../shell/resource.js';
import { date, dateTime, money, today } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { deliveryPairs } from '../member/delivery-pairs.js';
import { instalmentTable } from '../member/instalment-table.js';
import { payoffParts, readPayoff } from '../member/payoff.js';
import { allowed, destinationOf, refundEffects, refundField } from '../member/refund-effects.js';
import { actionBar, actionButton, reasonField, runAction } from './actions.js';
import { paymentColumns } from './columns.js';
import { pageList, reloadList } from '../shell/page-list.js';
import { personName } from './person-name.js';
import './delivery-document.js';

/** @typedef {Awaited<ReturnType<typeof readBooking>>} Booking */

/**
 * @param {string} id
 * @param {AbortSignal} signal
 */
const readBooking = (id, signal) => get('/api/v1/bookings/{id}', { params: { id }, signal });

class BookingPage extends ViewElement {
  /** @type {Record<string, string>} */
  params = {};
  #booking = new Resource(this, (signal) => readBooking(this.params['id'] ?? '', signal));

  #payoff = new Resource(this, (signal) => readPayoff(this.params['id'] ?? '', signal));

  start() {
    void this.#payoff.load();
    void this.#booking.load();
  }

  view() {
    return detailPage({ title: t('booking.title') }, this.#booking, (booking) => this.#content(booking));
  }

  /** @param {Booking} booking */
  #content(booking) {
    return [
      backLink(`/office/people/${booking.user_id}?tab=bookings`, t('office.booking.back')),
      h('div', { class: 'page-head' }, h('h1', null, booking.vehicle.name), statusTag('booking', booking.status)),
      card(
        booking.number,
        pairs([
          [t('office.person'), personName(booking.user_id)],
          [t('booking.price'), money(booking.price)],
          [t('booking.booking_amount'), money(booking.booking_amount)],
          [t('booking.total_paid'), money(booking.total_paid)],
          [t('booking.remaining'), money(booking.remaining)],
          [t('booking.created_at'), dateTime(booking.created_at)],
          [t('booking.confirmed_at'), booking.confirmed_at ? dateTime(booking.confirmed_at) : null],
          ...deliveryPairs(booking),
          [t('booking.reason'), booking.reason],
        ]),
        this.#actions(booking),
      ),
      booking.status === 'pre_booked' || booking.status === 'confirmed'
        ? card(
            t('payoff.title'),
            show(this.#payoff, (payoff) => (payoff ? payoffParts(payoff) : null)),
          )
        : null,
      booking.emi ? card(t('booking.instalments'), instalmentTable(booking.emi.instalments, paymentLink)) : null,
      card(
        t('booking.payments'),
        pageList({
          caption: t('booking.payments'),
          empty: t('payments.empty'),
          columns: paymentColumns(true),
          rowKey: (payment) => payment.id,
          link: (payment) => `/office/payments/${payment.id}`,
          read: ({ signal, ...page }) =>
            get('/api/v1/payments', { query: { booking_id: booking.id, ...page }, signal }),
        }),
      ),
    ];
  }

  /** @param {Booking} booking */
  #actions(booking) {
    const { status } = booking;
    const isOpen = status === 'pre_booked' || status === 'confirmed';
    const isPaid = status === 'completed' || status === 'delivered';
    if (!isOpen && !isPaid) return null;
    return actionBar(
      isOpen ? actionButton(t('office.booking.cancel'), () => this.#cancel(booking), 'danger') : null,
      status === 'completed'
        ? actionButton(t('office.booking.deliver'), () => this.#deliver(booking), 'primary')
        : null,
      isPaid ? actionButton(t('office.booking.return'), () => this.#acceptReturn(booking), 'danger') : null,
    );
  }

  /** @param {Booking} booking */
  async #deliver({ id, number, vehicle, user_id: userId }) {
    const answer = await runAction({
      title: t('office.booking.deliver'),
      label: t('office.booking.deliver'),
      fields: [
        {
          name: 'delivered_on',
          label: t('booking.delivered_on'),
          type: 'date',
          value: today(),
          input: { required: true, max: today() },
        },
        {
          name: 'vehicle_number',
          label: t('booking.vehicle_number'),
          hint: t('office.booking.vehicle_number_hint'),
          input: { required: true, minlength: 5, maxlength: 40, autocomplete: 'off' },
        },
        {
          name: 'document_id',
          label: t('booking.delivery_document'),
          hint: t('documents.file_hint'),
          isOptional: true,
          control: (attributes) => custom('ev-delivery-document', { '.userId': userId, '.control': attributes }),
        },
      ],
      effects: ({ delivered_on: on = '' }) => [
        t('office.booking.deliver_effect', { number, vehicle: vehicle.name, day: date(on) }),
      ],
      act: ({ delivered_on: on = '', vehicle_number: vehicleNumber = '', document_id: document }, key) =>
        post(
          '/api/v1/bookings/{id}/deliver',
          { delivered_on: on, vehicle_number: vehicleNumber, document_id: document || null },
          { params: { id }, key },
        ),
    });
    if (answer) this.#booking.set(answer);
  }

  /** @param {Booking} booking */
  async #acceptReturn({ id, number }) {
    const answer = await runAction({
      title: t('office.booking.return'),
      label: t('office.booking.return'),
      isDestructive: true,
      fields: [refundField(), reasonField(t('office.reason.member_hint'), true)],
      prepare: async ({ refund_to: to }) => {
        const query = { refund_to: destinationOf(to) };
        return allowed(await get('/api/v1/bookings/{id}/return', { params: { id }, query }));
      },
      effects: (_, preview) => [t('office.booking.return_effect', { number }), ...refundEffects(preview)],
      act: ({ refund_to: to, reason }, key) =>
        post(
          '/api/v1/bookings/{id}/return',
          { refund_to: destinationOf(to), reason: reason || null },
          { params: { id }, key },
        ),
    });
    if (!answer) return;
    this.#booking.set(answer);
    reloadList(this);
  }

  /** @param {Booking} booking */
  async #cancel({ id, number }) {
    const answer = await runAction({
      title: t('office.booking.cancel'),
      label: t('office.booking.cancel'),
      isDestructive: true,
      fields: [refundField(), reasonField(t('office.reason.member_hint'), true)],
      prepare: async ({ refund_to: to }) => {
        const query = { refund_to: destinationOf(to) };
        return allowed(await get('/api/v1/bookings/{id}/cancellation', { params: { id }, query }));
      },
      effects: (_, preview) => [t('office.booking.cancel_effect', { number }), ...refundEffects(preview)],
      act: ({ refund_to: to, reason }, key) =>
        post(
          '/api/v1/bookings/{id}/cancel',
          { refund_to: destinationOf(to), reason: reason || null },
          { params: { id }, key },
        ),
    });
    if (!answer) return;
    this.#booking.set(answer);
    reloadList(this);
  }
}

/** @param {string} id */
const paymentLink = (id) => h('a', { href: `/office/payments/${id}` }, t('payment.one'));

customElements.define('ev-office-booking-page', BookingPage);
