// Texts of the console in English, by key, as the pages show them.

import member from '../../web/i18n/en.js';
import office from '../../web/i18n/office-en.js';

const catalogue = { ...member, ...office };
const plural = new Intl.PluralRules('en');

/** The text of a key, which has to exist. */
export function t(key, params = {}) {
  const message = catalogue[key];
  if (message === undefined) throw new Error(`no text has the key ${key}`);
  const text = typeof message === 'string' ? message : (message[plural.select(Number(params.count))] ?? message.other);
  return text.replace(/\{(\w+)\}/g, (whole, name) => String(params[name] ?? whole));
}

/** The part of a text before its first parameter. */
export const beginningOf = (key) => t(key).split('{')[0];

const rupees = new Intl.NumberFormat('en-IN', { style: 'currency', currency: 'INR' });

/** An amount as the pages show it. */
export const money = (amount) => rupees.format(amount);
