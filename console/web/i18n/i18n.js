// Language of the console: the catalogue in use, translated texts, and the switch between languages.

/** @typedef {'en' | 'hi'} Locale */
/** @typedef {string | Partial<Record<Intl.LDMLPluralRule, string>>} Message */
/** @typedef {Record<string, string | number>} Params */

/** @type {readonly Locale[]} */
export const LOCALES = ['en', 'hi'];

/** The language chosen in this browser, and in the session storage that of the person's profile. */
const STORAGE_KEY = 'ev.locale';

/** @type {Locale} */
let locale = 'en';
/** @type {Record<string, Message>} */
let catalogue = {};
let hasOfficeTexts = false;
let plural = new Intl.PluralRules('en');
const changes = new EventTarget();

/** The language in use. */
export const currentLocale = () => locale;

/** The language's tag with India's conventions for numbers and dates. */
export const formatLocale = () => (locale === 'hi' ? 'hi-IN-u-nu-latn' : 'en-IN');

/** Loads the language chosen before, or else that of the profile, or the first that the browser prefers and the console has. */
export async function startLocale() {
  const known = [localStorage.getItem(STORAGE_KEY), sessionStorage.getItem(STORAGE_KEY)];
  const preferred = [...known, ...navigator.languages.map((tag) => tag.slice(0, 2))];
  await load(LOCALES.find((locale) => locale === preferred.find((tag) => LOCALES.some((l) => l === tag))) ?? 'en');
}

/** Whether a language was chosen in this browser, or taken over from the person's profile. */
export const isLocaleChosen = () => (localStorage.getItem(STORAGE_KEY) ?? sessionStorage.getItem(STORAGE_KEY)) !== null;

/**
 * Takes over the language of the person's profile until they sign out.
 * @param {Locale} next
 */
export async function takeLocale(next) {
  sessionStorage.setItem(STORAGE_KEY, next);
  if (next !== locale) await change(next);
}

/** Forgets the language of a person who signed out. */
export const forgetProfileLocale = () => sessionStorage.removeItem(STORAGE_KEY);

/**
 * Changes the language and remembers it.
 * @param {Locale} next
 */
export async function setLocale(next) {
  localStorage.setItem(STORAGE_KEY, next);
  await change(next);
}

/** @param {Locale} next */
async function change(next) {
  await load(next);
  changes.dispatchEvent(new Event('change'));
}

/** Adds the texts of the office, which members do not need. */
export async function loadOfficeTexts() {
  if (hasOfficeTexts) return;
  await load(locale, true);
}

/**
 * @param {Locale} next
 * @param {boolean} [isOffice] whether the texts of the office are loaded as well
 */
async function load(next, isOffice = hasOfficeTexts) {
  const [member, office] = await Promise.all([
    next === 'hi' ? import('./hi.js') : import('./en.js'),
    isOffice ? readOfficeTexts(next) : null,
  ]);
  catalogue = { ...member.default, ...office?.default };
  hasOfficeTexts = isOffice;
  locale = next;
  plural = new Intl.PluralRules(next);
  document.documentElement.lang = next;
}

/** @param {Locale} next */
const readOfficeTexts = (next) => (next === 'hi' ? import('./office-hi.js') : import('./office-en.js'));

/**
 * Calls `listener` after each change of the language, until `signal` is aborted.
 * @param {() => void} listener
 * @param {AbortSignal} signal
 */
export function onLocaleChange(listener, signal) {
  changes.addEventListener('change', listener, { signal });
}

/**
 * The text of `key` in the language in use. `{name}` is replaced by the parameter; `count` chooses the plural form.
 * @param {string} key
 * @param {Params} [params]
 * @returns {string}
 */
export function t(key, params = {}) {
  return find(key, params) ?? key;
}

/**
 * As `t`, or undefined when the catalogue has no such key.
 * @param {string} key
 * @param {Params} [params]
 * @returns {string | undefined}
 */
export function find(key, params = {}) {
  const message = catalogue[key];
  if (message === undefined) return undefined;
  const form =
    typeof message === 'string' ? message : (message[plural.select(Number(params['count']))] ?? message.other);
  return form?.replace(/\{(\w+)\}/g, (whole, name) => String(params[name] ?? whole));
}
