// The fields of a form that a problem is about.

import { Problem } from './problem.js';

/** @typedef {import('./problem.js').FieldProblem} FieldProblem */

/** The fields that a code is about where the API names none; the first that a form has counts. */
export const FIELDS = new Map(
  /** @type {[string, string[]][]} */ ([
    ['auth.email_taken', ['email']],
    ['auth.identifier_invalid', ['identifier']],
    ['auth.mobile_taken', ['mobile']],
    ['auth.otp_invalid', ['code']],
    ['auth.pan_taken', ['pan']],
    ['binary.already_placed', ['user_id']],
    ['binary.parent_not_placed', ['parent_user_id']],
    ['binary.plan_notice_too_short', ['effective_from']],
    ['binary.plan_too_far_ahead', ['effective_from']],
    ['binary.slot_taken', ['side']],
    ['binary.unknown_referrer', ['user_id']],
    ['binary.unknown_user', ['user_id']],
    ['booking.above_payable', ['amount']],
    ['booking.amount_not_positive', ['amount', 'booking_amount']],
    ['booking.booking_amount_above_price', ['booking_amount']],
    ['booking.booking_amount_too_small', ['booking_amount']],
    ['booking.capture_amount_differs', ['payment_id']],
    ['booking.capture_other_gateway', ['payment_id']],
    ['booking.emi_months', ['months']],
    ['booking.emi_too_little', ['months']],
    ['booking.method_not_allowed', ['method']],
    ['booking.online_unavailable', ['method']],
    ['booking.payment_state', ['payment_id']],
    ['booking.refund_proposal_differs', ['outcome']],
    ['booking.too_many_orders', ['method']],
    ['booking.wallet_owner_only', ['method']],
    ['payout.bank_account_known', ['account_number']],
    ['payout.bank_account_unknown', ['bank_account_id']],
    ['payout.bank_account_unverified', ['bank_account_id']],
    ['payout.below_minimum', ['amount']],
    ['payout.fresh_code_required', ['bank_account_id']],
    ['payout.insufficient_balance', ['amount']],
    ['payout.reason_invalid', ['reason']],
    ['payout.tax_rule_known', ['id']],
    ['payout.tax_rule_not_in_future', ['effective_from']],
    ['payout.utr_known', ['utr']],
    ['payout.utr_required', ['utr']],
    ['wallet.insufficient_funds', ['amount']],
    ['wallet.insufficient_reserve', ['amount']],
    ['wallet.invalid_amount', ['amount']],
  ]),
);

/**
 * What is wrong with the fields of a form: those that the problem names, or else the one that its code is about.
 * @param {unknown} error
 * @param {readonly string[]} names those of the form's fields
 * @returns {readonly FieldProblem[]}
 */
export function fieldProblems(error, names) {
  if (!(error instanceof Problem)) return [];
  if (error.errors.length > 0) return error.errors;
  const field = FIELDS.get(error.code)?.find((name) => names.includes(name));
  return field ? [{ field, code: error.code, detail: error.message }] : [];
}
