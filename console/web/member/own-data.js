// A copy of a member's own data from all services, as one file.

import { get, orNull, readAll, saveContent } from '../shell/api.js';

/** @typedef {(signal: AbortSignal) => Promise<unknown>} Read */

/**
 * A list, read to its end.
 * @param {Parameters<typeof get>[0]} path
 * @returns {Read}
 */
const list = (path) => (signal) =>
  readAll((cursor) => get(/** @type {'/api/v1/bookings'} */ (path), { query: { cursor, limit: 100 }, signal }));

/**
 * A single answer; null where the member has none.
 * @param {Parameters<typeof get>[0]} path
 * @returns {Read}
 */
const one = (path) => (signal) => orNull(get(/** @type {'/api/v1/users/me'} */ (path), { signal }));

/** @type {readonly [string, Read][]} */
const PARTS = [
  ['profile', one('/api/v1/users/me')],
  ['nominee', one('/api/v1/users/me/nominee')],
  ['kyc_applications', list('/api/v1/users/me/kyc/applications')],
  ['distributor_applications', list('/api/v1/users/me/distributor-applications')],
  ['accepted_terms', list('/api/v1/users/me/consents')],
  ['referrals', list('/api/v1/users/me/referrals')],
  ['bookings', list('/api/v1/bookings')],
  ['payments', list('/api/v1/payments')],
  ['wallet', one('/api/v1/wallet')],
  ['wallet_lines', list('/api/v1/wallet/transactions')],
  ['payouts', list('/api/v1/payouts')],
  ['bank_accounts', list('/api/v1/payouts/bank-accounts')],
  ['tree', one('/api/v1/binary/me')],
  ['documents', list('/api/v1/compliance/documents')],
  ['notifications', list('/api/v1/notifications')],
];

/**
 * Reads all parts, one after the other, and saves them as JSON on the person's device.
 * @param {AbortSignal} signal
 */
export async function saveOwnData(signal) {
  /** @type {Record<string, unknown>} */
  const data = {};
  for (const [name, read] of PARTS) data[name] = await read(signal);
  saveContent(new Blob([JSON.stringify(data, null, 2)], { type: 'application/json' }), 'my-data.json');
}
