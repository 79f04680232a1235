// The parts of a payout: its amount, what is taken out of it, and what goes to the bank account.

import { h } from '../shell/view.js';
import { amountOf, money, paise, signedMoney } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';

/** @typedef {{requested: string, tds: string, emi: string, net: string}} Parts */

const UNKNOWN = '–';

/** @param {Parts | null} parts null before they are known */
export const payoutParts = (parts) =>
  h(
    'table',
    { class: 'sum' },
    h('caption', { class: 'visually-hidden' }, t('payout.parts')),
    h(
      'tbody',
      null,
      line(t('payout.requested'), parts ? money(parts.requested) : UNKNOWN),
      line(t('payout.tds'), parts ? taken(parts.tds) : UNKNOWN),
      line(t('payout.emi'), parts ? taken(parts.emi) : UNKNOWN),
    ),
    h('tfoot', null, line(t('payout.net'), parts ? money(parts.net) : UNKNOWN)),
  );

/**
 * An amount that is taken out of the payout.
 * @param {string} amount
 */
const taken = (amount) => signedMoney(amountOf(-paise(amount)));

/**
 * @param {string} name
 * @param {string} amount
 */
const line = (name, amount) => h('tr', null, h('th', { scope: 'row' }, name), h('td', { class: 'end' }, amount));
