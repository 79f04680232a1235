// `<ev-office-booking-page>`: one booking of a member, with its payments, its instalments and its cancellation.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { get, post } from '../shell/api.js';
import { detailPage } from '../shell/detail-page.js';
import { backLink, card, pairs, statusTag } from '../shell/parts.js';
import { Resource } from '../shell/resource.js';
import { dateTime, money } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { instalmentTable } from '../member/instalment-table.js';
import { allowed, destinationOf, refundEffects, refundField } from '../member/refund-effects.js';
import { actionBar, actionButton, reasonField, runAction } from './actions.js';
import { paymentColumns } from './columns.js';
import { pageList, reloadList } from '../shell/page-list.js';
import { personName } from './person-name.js';

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

  start() {
    void this.#booking.load();
  }

  view() {
    return detailPage({ title: t('booking.title') }, this.#booking, (booking) => this.#content(booking));
  }

  /** @param {Booking} booking */
  #content(booking) {
    const isOpen = booking.status === 'pre_booked' || booking.status === 'confirmed';
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
          [t('booking.reason'), booking.reason],
        ]),
        isOpen ? actionBar(actionButton(t('office.booking.cancel'), () => this.#cancel(booking), 'danger')) : null,
      ),
      booking.emi ? card(t('booking.instalments'), instalmentTable(booking.emi.instalments)) : null,
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

customElements.define('ev-office-booking-page', BookingPage);
