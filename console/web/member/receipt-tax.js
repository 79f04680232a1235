// The tax in the amount of a payment, as its receipt has it.

import { amountOf, money, paise } from '../i18n/format.js';
import { find, t } from '../i18n/i18n.js';

/** The GST codes of states and union territories that have a name. */
const CODES = Array.from({ length: 38 }, (_, at) => String(at + 1).padStart(2, '0'));

/** @param {string} code */
export const stateName = (code) => find(`state.${code}`) ?? code;

/** The states to choose from, by name. */
export const stateChoices = () =>
  CODES.map((value) => ({ value, label: find(`state.${value}`) ?? '' }))
    .filter(({ label }) => label)
    .sort((a, b) => a.label.localeCompare(b.label));

/** @typedef {NonNullable<import('../shell/api.js').Answer<'get', '/api/v1/payments/{id}'>['tax']>} Tax */

/** @param {Tax} tax */
const total = ({ cgst, sgst, igst }) => amountOf(paise(cgst) + paise(sgst) + paise(igst));

/**
 * One line: the tax and its rate.
 * @param {Tax} tax
 */
export const taxText = (tax) => t('payment.tax', { amount: money(total(tax)), rate: tax.rate });

/**
 * Its parts, as names with their values.
 * @param {Tax | null | undefined} tax
 * @returns {[string, string | null][]}
 */
export function taxPairs(tax) {
  if (!tax) return [];
  const isWithinState = paise(tax.igst) === 0n;
  return [
    [t('payment.tax.taxable'), money(tax.taxable_value)],
    [t('payment.tax.cgst'), isWithinState ? money(tax.cgst) : null],
    [t('payment.tax.sgst'), isWithinState ? money(tax.sgst) : null],
    [t('payment.tax.igst'), isWithinState ? null : money(tax.igst)],
    [t('payment.tax.rate'), `${tax.rate} %`],
    [t('payment.tax.hsn'), tax.hsn],
    [t('payment.tax.place'), stateName(tax.place_of_supply)],
    [t('payment.tax.gstin'), tax.gstin],
  ];
}
