// The page of a payment gateway, where the payer pays. The browser leaves the console for it.

import { h } from '../shell/view.js';

/** @typedef {import('../../types/booking.d.ts').components['schemas']['Checkout']} Checkout */

/**
 * Goes to the gateway's page, if the checkout has one; returns whether it does.
 * @param {Checkout | null | undefined} checkout
 */
export function leaveForGateway(checkout) {
  const url = checkout?.redirect_url;
  if (!url || new URL(url).protocol !== 'https:') return false;
  const fields = Object.entries(checkout.form_fields ?? {});
  if (fields.length === 0) {
    location.assign(url);
    return true;
  }
  const form = h(
    'form',
    { method: 'post', action: url, hidden: true },
    fields.map(([name, value]) => h('input', { type: 'hidden', name, value })),
  );
  document.body.append(form);
  /** @type {HTMLFormElement} */ (form).submit();
  return true;
}
