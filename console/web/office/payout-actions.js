// Actions on a payout: approval, rejection, the bank's outcome, and the return of a paid one.

import { post } from '../shell/api.js';
import { toast } from '../shell/toast.js';
import { money } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { reasonField, runAction } from './actions.js';

/** @typedef {import('./columns.js').Payout} Payout */

/** @param {Payout} payout */
const accountOf = ({ bank }) => `${bank.bank_name} ${bank.account_number}`;

/** @param {Payout} payout */
export async function approve(payout) {
  const { id } = payout;
  const isLast = payout.approvals + 1 >= payout.approvals_needed;
  const answer = await runAction({
    title: t('office.payout.approve'),
    label: t('office.payout.approve'),
    effects: () =>
      isLast
        ? [
            t('office.payout.approve_effect', { amount: money(payout.net), account: accountOf(payout) }),
            t('office.payout.fixed_effect', { tds: money(payout.tds), emi: money(payout.emi) }),
          ]
        : [t('office.payout.first_effect'), t('office.payout.second_approver')],
    act: (_, key) => post('/api/v1/payouts/{id}/approve', undefined, { params: { id }, key }),
  });
  if (answer?.status === 'pending') toast(t('office.payout.still_waits'));
  return answer;
}

/** @param {Payout} payout */
export function reject({ id, requested }) {
  return runAction({
    title: t('office.payout.reject'),
    label: t('office.payout.reject'),
    isDestructive: true,
    fields: [reasonField(t('office.reason.member_hint'))],
    effects: ({ reason = '' }) => [
      t('office.payout.reject_effect', { amount: money(requested) }),
      t('office.reason.given', { reason }),
    ],
    act: ({ reason = '' }, key) => post('/api/v1/payouts/{id}/reject', { reason }, { params: { id }, key }),
  });
}

/**
 * @param {Payout} payout
 * @param {'paid' | 'failed'} outcome
 */
export function settle(payout, outcome) {
  const { id } = payout;
  const isPaid = outcome === 'paid';
  return runAction({
    title: t(`office.payout.${outcome}`),
    label: t(`office.payout.${outcome}`),
    isDestructive: !isPaid,
    fields: [
      isPaid
        ? { name: 'utr', label: t('payout.utr'), input: { maxlength: 64, autocomplete: 'off' } }
        : reasonField(t('office.reason.member_hint')),
    ],
    effects: ({ utr = '', reason = '' }) =>
      isPaid
        ? [
            t('office.payout.paid_effect', { amount: money(payout.net), account: accountOf(payout) }),
            t('office.reference.given', { reference: utr }),
          ]
        : [t('office.payout.failed_effect', { amount: money(payout.requested) }), t('office.reason.given', { reason })],
    act: ({ utr, reason }, key) =>
      post(
        '/api/v1/payouts/{id}/settle',
        { outcome, utr: utr || null, reason: reason || null },
        { params: { id }, key },
      ),
  });
}

/** @param {Payout} payout */
export function returnPayout({ id, requested }) {
  return runAction({
    title: t('office.payout.return'),
    label: t('office.payout.return'),
    isDestructive: true,
    fields: [reasonField(t('office.reason.member_hint'))],
    effects: ({ reason = '' }) => [
      t('office.payout.return_effect', { amount: money(requested) }),
      t('office.payout.tds_effect'),
      t('office.reason.given', { reason }),
    ],
    act: ({ reason = '' }, key) => post('/api/v1/payouts/{id}/return', { reason }, { params: { id }, key }),
  });
}
