// Fields that several forms of a member share: a bank account and a postal address.

import { t } from '../i18n/i18n.js';

/** @typedef {import('../shell/form.js').Field} Field */
/** @typedef {import('../shell/form.js').Values} Values */
/** @typedef {{line1: string, line2?: string | null, city: string, state: string, pincode: string, country: string}} Address */

/**
 * @param {string} [prefix] the object in the body, with a dot
 * @returns {Field[]}
 */
export const bankFields = (prefix = '') => [
  {
    name: `${prefix}account_number`,
    label: t('account.number'),
    hint: t('account.number_hint'),
    input: { inputmode: 'numeric', pattern: '[0-9 ]{9,24}', autocomplete: 'off', title: t('account.number_hint') },
  },
  {
    name: `${prefix}ifsc`,
    label: t('account.ifsc'),
    hint: t('account.ifsc_hint'),
    input: { autocapitalize: 'characters', spellcheck: 'false', autocomplete: 'off', maxlength: 11 },
  },
  { name: `${prefix}holder_name`, label: t('account.holder_name'), input: { autocomplete: 'name', maxlength: 100 } },
  { name: `${prefix}bank_name`, label: t('account.bank_name'), input: { autocomplete: 'off', maxlength: 100 } },
];

/**
 * @param {Values} values
 * @param {string} [prefix]
 */
export const bankOf = (values, prefix = '') => ({
  account_number: (values[`${prefix}account_number`] ?? '').replaceAll(' ', ''),
  ifsc: (values[`${prefix}ifsc`] ?? '').toUpperCase(),
  holder_name: values[`${prefix}holder_name`] ?? '',
  bank_name: values[`${prefix}bank_name`] ?? '',
});

/**
 * @param {Address | null} [address]
 * @param {boolean} [isOptional]
 * @returns {Field[]}
 */
export const addressFields = (address, isOptional = false) => [
  field('line1', 'address-line1', address?.line1, isOptional),
  field('line2', 'address-line2', address?.line2, true),
  field('city', 'address-level2', address?.city, isOptional),
  field('state', 'address-level1', address?.state, isOptional),
  {
    ...field('pincode', 'postal-code', address?.pincode, isOptional),
    hint: t('address.pincode_hint'),
    input: { autocomplete: 'postal-code', inputmode: 'numeric', pattern: '[0-9]{6}', title: t('address.pincode_hint') },
  },
  field('country', 'country-name', address?.country, isOptional),
];

/**
 * @param {keyof Address} name
 * @param {string} autocomplete
 * @param {string | null | undefined} value
 * @param {boolean} isOptional
 * @returns {Field}
 */
const field = (name, autocomplete, value, isOptional) => ({
  name: `address.${name}`,
  label: t(`address.${name}`),
  value: value ?? '',
  isOptional,
  input: { autocomplete, maxlength: 200 },
});

/** @param {Values} values */
export const addressOf = (values) => ({
  line1: values['address.line1'] ?? '',
  line2: values['address.line2'] || null,
  city: values['address.city'] ?? '',
  state: values['address.state'] ?? '',
  pincode: values['address.pincode'] ?? '',
  country: values['address.country'] ?? '',
});
