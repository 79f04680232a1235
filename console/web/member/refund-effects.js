// Where a refund goes, and what a cancellation or a refund would do, in sentences.

import { Problem, problemText } from '../shell/problem.js';
import { money } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';

/** @typedef {import('../shell/api.js').Answer<'get', '/api/v1/bookings/{id}/cancellation'>} Preview */

/** @typedef {'wallet' | 'source'} Destination */

/**
 * The choice of where the money goes.
 * @returns {import('../shell/form.js').Field}
 */
export const refundField = () => ({
  name: 'refund_to',
  label: t('refund.to'),
  hint: t('refund.to_hint'),
  type: 'select',
  value: 'wallet',
  choices: ['wallet', 'source'].map((value) => ({ value, label: t(`refund.to.${value}`) })),
});

/**
 * The destination that a form's field names.
 * @param {string | undefined} value
 * @returns {Destination}
 */
export const destinationOf = (value) => (value === 'source' ? 'source' : 'wallet');

/**
 * The problem with which the request would be refused; null when it is allowed.
 * @param {Preview} preview
 */
const refusalOf = ({ allowed, code }) => (allowed ? null : new Problem({ status: 409, code: code ?? 'http.409' }));

/**
 * The preview of a request that is allowed; its refusal is thrown.
 * @param {Preview} preview
 */
export function allowed(preview) {
  const refusal = refusalOf(preview);
  if (refusal) throw refusal;
  return preview;
}

/**
 * @param {Preview} preview
 * @returns {string[]}
 */
export function refundEffects(preview) {
  const { closes_pending: pending } = preview;
  const refusal = refusalOf(preview);
  if (refusal) return [problemText(refusal)];
  const totals = /** @type {const} */ ([
    ['wallet', preview.total_to_wallet],
    ['source', preview.total_to_source],
    ['emi_reserve', preview.emi_reserve_back],
  ]);
  return [
    ...(pending.length > 0 ? [t('booking.cancel_pending', { count: pending.length })] : []),
    ...totals
      .filter(([, total]) => total !== '0.00')
      .map(([to, total]) => t(`refund.effect.${to}`, { amount: money(total) })),
    ...(preview.refunds.length === 0 ? [t('refund.effect.none')] : []),
    t('refund.effect.paid_after', { amount: money(preview.net_paid_after) }),
    ...(preview.ends_active_buyer ? [t('refund.effect.ends_active_buyer')] : []),
  ];
}
