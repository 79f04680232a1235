// What is left to pay of a booking, and amounts to choose: the oldest instalment, all that is overdue, or everything.

import { h } from '../shell/view.js';
import { Problem, get } from '../shell/api.js';
import { pairs } from '../shell/parts.js';
import { date, money, number, paise } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';

/** @typedef {import('../shell/api.js').Answer<'get', '/api/v1/bookings/{id}/payoff'>} Payoff */

/**
 * What is left to pay; null for a booking that takes no payments.
 * @param {string} id
 * @param {AbortSignal} signal
 */
export async function readPayoff(id, signal) {
  try {
    return await get('/api/v1/bookings/{id}/payoff', { params: { id }, signal });
  } catch (error) {
    if (error instanceof Problem && error.code === 'booking.state') return null;
    throw error;
  }
}

/**
 * `choose` takes an amount for the payment; without it, nothing can be chosen.
 * @param {Payoff} payoff
 * @param {(amount: string) => void} [choose]
 */
export function payoffParts(payoff, choose) {
  const { remaining, pending, overdue, payable_online: payable, unscheduled, instalments } = payoff;
  const [next] = instalments;
  const isPositive = (/** @type {string} */ amount) => paise(amount) > 0n;
  const choice = (/** @type {string} */ label, /** @type {string} */ amount) =>
    h('button', { type: 'button', key: label, onclick: () => choose?.(amount) }, label);
  return [
    pairs([
      [t('booking.remaining'), money(remaining)],
      [t('payoff.unscheduled'), instalments.length > 0 && isPositive(unscheduled) ? money(unscheduled) : null],
      [t('payoff.instalments'), instalments.length > 0 ? number(instalments.length) : null],
      [t('payoff.overdue'), isPositive(overdue) ? money(overdue) : null],
      [t('payoff.pending'), isPositive(pending) ? money(pending) : null],
      [t('payoff.payable'), h('strong', null, money(payable))],
    ]),
    choose ? h('p', { class: 'hint' }, t('payoff.about')) : null,
    choose && isPositive(payable)
      ? h(
          'div',
          { class: 'row' },
          isPositive(overdue) ? choice(t('payoff.choose_overdue', { amount: money(overdue) }), overdue) : null,
          next && !isPositive(unscheduled) ? choice(nextLabel(next), next.unpaid) : null,
          choice(t('payoff.choose_all', { amount: money(payable) }), payable),
        )
      : null,
  ];
}

/** @param {Payoff['instalments'][number]} instalment */
const nextLabel = ({ n, unpaid, due_on: dueOn }) =>
  dueOn
    ? t('payoff.choose_next', { n: number(n), amount: money(unpaid), due_on: date(dueOn) })
    : t('payoff.choose_first', { n: number(n), amount: money(unpaid) });
