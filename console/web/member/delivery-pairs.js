// What a booking says of its delivery, as names with their values.

import { date } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';

/** @typedef {import('../shell/api.js').Answer<'get', '/api/v1/bookings/{id}'>} Booking */

/**
 * @param {Booking} booking
 * @returns {[string, string | null][]}
 */
export const deliveryPairs = ({ delivery }) => [
  [t('booking.delivered_on'), delivery ? date(delivery.delivered_on) : null],
  [t('booking.vehicle_number'), delivery?.vehicle_number ?? null],
];
