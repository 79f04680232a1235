// What the office's search finds: people, bookings, payments and payouts.

import { get } from '../shell/api.js';
import { money } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';

/** @typedef {import('../shell/combobox.js').Group} Group */
/** @typedef {import('./columns.js').User} User */

const MOST_PEOPLE = 8;

/** The types that are found, in the order in which they are shown. */
const TYPES = /** @type {const} */ ([
  { type: 'person', title: 'office.people.title', icon: 'person', address: '/office/people/' },
  { type: 'booking', title: 'bookings.title', icon: 'booking', address: '/office/bookings/' },
  { type: 'payment', title: 'office.payments.title', icon: 'wallet', address: '/office/payments/' },
  { type: 'payout', title: 'payouts.title', icon: 'payout', address: '/office/payouts/' },
]);

/**
 * @param {string} text
 * @param {AbortSignal} signal
 * @returns {Promise<readonly Group[]>}
 */
export async function find(text, signal) {
  const { items } = await get('/api/v1/search', { query: { q: text }, signal });
  return TYPES.map(({ type, title, icon, address }) => ({
    label: t(title),
    icon,
    options: items
      .filter((item) => item.type === type)
      .map((item) => ({
        id: item.id,
        title: item.title,
        subtitle: [item.subtitle, item.amount ? money(item.amount) : null].filter(Boolean).join(' · '),
        address: address + item.id,
      })),
  }));
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
