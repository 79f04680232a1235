// What a booking says of its delivery, as names with their values.

import { h } from '../shell/view.js';
import { saveFile } from '../shell/parts.js';
import { date } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';

/** @typedef {import('../shell/api.js').Answer<'get', '/api/v1/bookings/{id}'>} Booking */

/**
 * @param {Booking} booking
 * @returns {[string, import('../shell/view.js').Child][]}
 */
export const deliveryPairs = ({ delivery }) => [
  [t('booking.delivered_on'), delivery ? date(delivery.delivered_on) : null],
  [t('booking.vehicle_number'), delivery?.vehicle_number ?? null],
  [t('booking.delivery_document'), delivery?.document_id ? documentButton(delivery.document_id) : null],
];

/** @param {string} id */
const documentButton = (id) =>
  h(
    'button',
    {
      type: 'button',
      onclick: () => saveFile('/api/v1/compliance/documents/{id}/content', { params: { id } }),
    },
    t('booking.delivery_document_save'),
  );
