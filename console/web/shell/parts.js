// Parts that several pages show: states, names with their values, cards, back links, and files to save.

import { custom, h } from './view.js';
import { download } from './api.js';
import { problemText } from './problem.js';
import { toast } from './toast.js';
import { currentLocale, t } from '../i18n/i18n.js';

/** @typedef {import('./view.js').Child} Child */

/** @typedef {'good' | 'warn' | 'bad' | 'plain'} Tone */

/** The states of a booking, payment, refund, payout, KYC application or document, by tone. */
const STATES = /** @type {const} */ ([
  ['good', ['completed', 'delivered', 'confirmed', 'paid', 'approved', 'verified', 'done', 'matched']],
  ['warn', ['pre_booked', 'pending', 'requested', 'sent']],
  ['bad', ['failed', 'rejected', 'overdue', 'reversed', 'flushed', 'voided']],
  ['plain', ['cancelled', 'expired', 'returned', 'refunded', 'superseded', 'none']],
]);
/** @type {Map<string, Tone>} */
const TONES = new Map(STATES.flatMap(([tone, states]) => states.map((state) => [state, tone])));

/**
 * The state of an object as a coloured word; its texts are `KIND.status.STATE`.
 * @param {string} kind
 * @param {string} state
 */
export const statusTag = (kind, state) => tag(t(`${kind}.status.${state}`), TONES.get(state));

/**
 * A coloured word.
 * @param {string} text
 * @param {Tone} [tone]
 */
export const tag = (text, tone) => h('span', { class: 'tag', 'data-tone': tone }, text);

/**
 * Names with their values; an entry without a value is left out.
 * @param {readonly (readonly [string, Child])[]} entries
 */
export const pairs = (entries) =>
  h(
    'dl',
    { class: 'pairs' },
    entries
      .filter(([, value]) => value !== null && value !== undefined && value !== '')
      .map(([name, value]) => [h('dt', null, name), h('dd', null, value)]),
  );

/**
 * @param {string} title
 * @param {...Child} content
 */
export const card = (title, ...content) => h('section', { class: 'card' }, h('h2', null, title), ...content);

/**
 * What an action will do, one sentence each.
 * @param {readonly string[]} effects
 */
export const effectList = (effects) =>
  h(
    'ul',
    { class: 'conditions' },
    effects.map((effect) => h('li', null, effect)),
  );

/**
 * The way back to the list that a page belongs to.
 * @param {string} address
 * @param {string} text
 */
export const backLink = (address, text) => h('p', null, h('a', { href: address }, text));

/**
 * Saves a file of the API on the person's device; a problem is shown as a short message.
 * @param {Parameters<typeof download>[0]} path
 * @param {Parameters<typeof download>[1]} [options]
 */
export const saveFile = (path, options) => download(path, options).catch((error) => toast(problemText(error)));

/** A button that saves a file. */
export const saveButton = (/** @type {string} */ text, /** @type {() => unknown} */ onclick) =>
  h('button', { type: 'button', onclick }, custom('ev-icon', { name: 'download' }), text);

/** The query for a document in the language in use. */
export const inLanguage = () => /** @type {const} */ ({ lang: currentLocale() });
