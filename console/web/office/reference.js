// `<ev-reference>`: a link to a booking, a payment or a batch, by the name that people know it by.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { get } from '../shell/api.js';
import { onSessionChange } from '../shell/session.js';
import { dateTime, money } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { shortId } from './person-name.js';

/** @typedef {'booking' | 'payment' | 'batch'} Kind */

/** For each kind its page, and a read whose answer names it in the language in use. */
const KINDS = {
  booking: {
    address: '/office/bookings/',
    read: async (/** @type {string} */ id) => {
      const { number } = await get('/api/v1/bookings/{id}', { params: { id } });
      return () => number;
    },
  },
  payment: {
    address: '/office/payments/',
    read: async (/** @type {string} */ id) => {
      const { amount, method } = await get('/api/v1/payments/{id}', { params: { id } });
      return () => `${money(amount)} · ${t(`payment.method.${method}`)}`;
    },
  },
  batch: {
    address: '/office/payout-batches/',
    read: async (/** @type {string} */ id) => {
      const { created_at: at } = await get('/api/v1/payout-batches/{id}', { params: { id } });
      return () => batchName(at);
    },
  },
};

/**
 * A batch is known by its time.
 * @param {string} createdAt
 */
export const batchName = (createdAt) => dateTime(createdAt);

/** What was read, by kind and id. @type {Map<string, Promise<(() => string) | null>>} */
const names = new Map();

onSessionChange(() => names.clear());

class Reference extends ViewElement {
  /** @type {Kind} */
  kind = 'booking';
  referenceId = '';
  #asked = '';
  /** @type {(() => string) | null} */
  #name = null;

  async #ask() {
    const [kind, id] = [this.kind, this.referenceId];
    const key = `${kind} ${id}`;
    [this.#asked, this.#name] = [key, null];
    const reading = names.get(key) ?? KINDS[kind].read(id).catch(() => null);
    names.set(key, reading);
    const name = await reading;
    // A failed read is repeated when the name is next shown.
    if (!name) names.delete(key);
    if (this.#asked !== key) return;
    this.#name = name;
    this.update();
  }

  view() {
    if (!this.referenceId) return null;
    if (`${this.kind} ${this.referenceId}` !== this.#asked) void this.#ask();
    const text = this.#name?.() ?? shortId(this.referenceId);
    return h('a', { href: `${KINDS[this.kind].address}${this.referenceId}` }, text);
  }
}

/**
 * @param {Kind} kind
 * @param {string} id
 */
export const reference = (kind, id) => custom('ev-reference', { '.kind': kind, '.referenceId': id });

customElements.define('ev-reference', Reference);
