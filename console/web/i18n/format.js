// Amounts in rupees with Indian grouping, and times in Indian Standard Time, in the language in use.

import { formatLocale } from './i18n.js';

/** @type {Map<string, Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat>} */
const formats = new Map();

/**
 * @template {Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat} F
 * @param {string} name
 * @param {(locale: string) => F} make
 * @returns {F}
 */
function cached(name, make) {
  const key = `${name} ${formatLocale()}`;
  const found = formats.get(key) ?? make(formatLocale());
  formats.set(key, found);
  return /** @type {F} */ (found);
}

/**
 * An amount such as `₹1,23,456.00`; the amount is the API's decimal text, so nothing is rounded.
 * @param {string} amount
 */
export function money(amount) {
  const format = cached('money', (l) => new Intl.NumberFormat(l, { style: 'currency', currency: 'INR' }));
  return format.format(/** @type {Intl.StringNumericLiteral} */ (amount));
}

/**
 * An amount with its sign, such as `+₹500.00`.
 * @param {string} amount
 */
export function signedMoney(amount) {
  const format = cached(
    'signed',
    (l) => new Intl.NumberFormat(l, { style: 'currency', currency: 'INR', signDisplay: 'exceptZero' }),
  );
  return format.format(/** @type {Intl.StringNumericLiteral} */ (amount));
}

/**
 * A text of the API with its amounts such as `₹123456.00` grouped.
 * @param {string} text
 */
export const groupedAmounts = (text) => text.replace(/₹(-?\d+\.\d{2})(?!\d)/g, (_, amount) => money(amount));

/**
 * A short amount for a chart's axis, such as `₹1.2L`.
 * @param {number} rupees
 */
export function shortMoney(rupees) {
  const format = cached(
    'short',
    (l) =>
      new Intl.NumberFormat(l, { style: 'currency', currency: 'INR', notation: 'compact', maximumFractionDigits: 1 }),
  );
  return format.format(rupees);
}

/** @param {number} value */
export const number = (value) => cached('number', (l) => new Intl.NumberFormat(l)).format(value);

/**
 * Whole paise of an amount.
 * @param {string} amount
 */
export function paise(amount) {
  const [rupees = '0', fraction = ''] = amount.replace('-', '').split('.');
  const value = BigInt(rupees) * 100n + BigInt(fraction.padEnd(2, '0').slice(0, 2));
  return amount.startsWith('-') ? -value : value;
}

/**
 * The amount of whole paise, as the API writes it.
 * @param {bigint} value
 */
export function amountOf(value) {
  const digits = (value < 0n ? -value : value).toString().padStart(3, '0');
  return `${value < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

const TIME_ZONE = 'Asia/Kolkata';

/**
 * A day and time such as `29 Nov 2026, 4:05 pm`.
 * @param {string} time RFC 3339
 */
export function dateTime(time) {
  const format = cached(
    'dateTime',
    (l) => new Intl.DateTimeFormat(l, { dateStyle: 'medium', timeStyle: 'short', timeZone: TIME_ZONE }),
  );
  return format.format(new Date(time));
}

/**
 * A day such as `29 Nov 2026`, from a time or from a day `YYYY-MM-DD`, which has no time zone.
 * @param {string} day
 */
export function date(day) {
  const isDay = day.length === 10;
  const format = cached(
    isDay ? 'day' : 'date',
    (l) => new Intl.DateTimeFormat(l, { dateStyle: 'medium', timeZone: isDay ? 'UTC' : TIME_ZONE }),
  );
  return format.format(new Date(day));
}

/**
 * A month such as `November 2026`, from `YYYY-MM`.
 * @param {string} month
 */
export function monthName(month) {
  const format = cached(
    'month',
    (l) => new Intl.DateTimeFormat(l, { month: 'long', year: 'numeric', timeZone: 'UTC' }),
  );
  return format.format(new Date(`${month}-01`));
}

/** Today in India, `YYYY-MM-DD`. */
export function today() {
  return new Intl.DateTimeFormat('en-CA', { timeZone: TIME_ZONE }).format(new Date());
}

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/**
 * A time relative to now such as `5 minutes ago`; the day itself after a week.
 * @param {string} time RFC 3339
 */
export function relativeTime(time) {
  const seconds = Math.round((new Date(time).getTime() - Date.now()) / 1000);
  if (Math.abs(seconds) > 7 * 86_400) return date(time);
  const format = cached('relative', (l) => new Intl.RelativeTimeFormat(l, { numeric: 'auto' }));
  for (const [unit, length] of UNITS) {
    if (Math.abs(seconds) >= length) return format.format(Math.trunc(seconds / length), unit);
  }
  return format.format(0, 'minute');
}
