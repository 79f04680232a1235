// What the office's search finds: people, and a booking by its number.

import { get } from '../shell/api.js';
import { t } from '../i18n/i18n.js';

/** @typedef {import('../shell/combobox.js').Group} Group */
/** @typedef {import('./columns.js').User} User */

const MOST_PEOPLE = 8;
/** The form of a booking's number, such as `EV-261122-7K3QF9XA`. */
const BOOKING_NUMBER = /^[a-z]{1,4}-\d{6}-[a-z0-9]+$/i;

/**
 * @param {string} text
 * @param {AbortSignal} signal
 * @returns {Promise<readonly Group[]>}
 */
export async function find(text, signal) {
  const [people, bookings] = await Promise.all([
    findPeople(text, signal),
    BOOKING_NUMBER.test(text) ? findBookings(text.toUpperCase(), signal) : [],
  ]);
  return [
    { label: t('bookings.title'), options: bookings },
    { label: t('office.people.title'), options: people },
  ];
}

/**
 * @param {string} text a part of the name, e-mail address, mobile number or referral code
 * @param {AbortSignal} signal
 */
export async function findPeople(text, signal) {
  const answer = await get('/api/v1/users', { query: { q: text, limit: MOST_PEOPLE }, signal });
  return /** @type {User[]} */ (answer.items).map(({ id, name, email, mobile, referral_code: code }) => ({
    id,
    title: name,
    subtitle: [email ?? mobile, code].filter(Boolean).join(' · '),
    address: `/office/people/${id}`,
  }));
}

/**
 * @param {string} number
 * @param {AbortSignal} signal
 */
async function findBookings(number, signal) {
  const { items } = await get('/api/v1/bookings', { query: { number }, signal });
  return items.map((booking) => ({
    id: booking.id,
    title: booking.number,
    subtitle: `${booking.vehicle.name} · ${t(`booking.status.${booking.status}`)}`,
    address: `/office/bookings/${booking.id}`,
  }));
}
