// `<ev-bookings-page>`: the member's bookings.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { pageList, reloadList } from '../shell/page-list.js';
import { get } from '../shell/api.js';
import { onChange } from '../shell/live.js';
import { statusTag } from '../shell/parts.js';
import { rememberQuery } from '../shell/router.js';
import { ownId } from '../shell/session.js';
import { date, money } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { statusFilter } from './status-filter.js';

/** @typedef {Awaited<ReturnType<typeof readBookings>>['items'][number]} Booking */
/** @typedef {{cursor: string | null, limit: number}} PageQuery */

/**
 * @param {PageQuery & {status: string}} query
 * @param {AbortSignal} signal
 */
const readBookings = (query, signal) => get('/api/v1/bookings', { query: { user_id: ownId(), ...query }, signal });

const STATES = ['pre_booked', 'confirmed', 'completed', 'delivered', 'returned', 'cancelled', 'expired'];

class BookingsPage extends ViewElement {
  query = new URLSearchParams();
  #status = '';

  start() {
    this.#status = this.query.get('status') ?? '';
    onChange(['booking'], () => this.#reload(), this.signal);
  }

  #reload() {
    reloadList(this);
  }

  /** @param {string} status */
  #filter(status) {
    this.#status = status;
    rememberQuery({ status });
    this.#reload();
  }

  view() {
    return h(
      'div',
      { class: 'page' },
      h(
        'div',
        { class: 'page-head' },
        h('h1', null, t('bookings.title')),
        h('a', { class: 'button primary', href: '/vehicles' }, custom('ev-icon', { name: 'add' }), t('bookings.new')),
      ),
      statusFilter('booking', STATES, this.#status, (status) => this.#filter(status)),
      pageList({
        caption: t('bookings.title'),
        empty: t('bookings.empty'),
        columns: columns(),
        rowKey: (booking) => booking.id,
        link: (booking) => `/bookings/${booking.id}`,
        read: this.#read,
      }),
    );
  }

  #read = (/** @type {PageQuery & {signal: AbortSignal}} */ { signal, ...page }) =>
    readBookings({ status: this.#status, ...page }, signal);
}

/** @returns {import('../shell/list.js').Column<Booking>[]} */
const columns = () => [
  {
    label: t('booking.vehicle'),
    cell: (booking) => [h('strong', null, booking.vehicle.name), h('span', { class: 'hint block' }, booking.number)],
  },
  { label: t('booking.status'), cell: (booking) => statusTag('booking', booking.status) },
  { label: t('booking.created_at'), cell: (booking) => date(booking.created_at), isWide: true },
  { label: t('booking.price'), align: 'end', cell: (booking) => money(booking.price), isWide: true },
  { label: t('booking.remaining'), align: 'end', cell: (booking) => money(booking.remaining), isWide: true },
];

customElements.define('ev-bookings-page', BookingsPage);
