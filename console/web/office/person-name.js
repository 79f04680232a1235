// `<ev-person-name>`: the name of a user, as a link to the person's page.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { nameOf } from './names.js';

class PersonName extends ViewElement {
  userId = '';
  isLink = true;
  #asked = '';
  /** @type {string | null} */
  #name = null;

  async #ask() {
    const id = this.userId;
    [this.#asked, this.#name] = [id, null];
    const name = await nameOf(id);
    if (id !== this.#asked) return;
    this.#name = name;
    this.update();
  }

  view() {
    if (this.userId && this.userId !== this.#asked) void this.#ask();
    const text = this.#name ?? shortId(this.userId);
    return this.isLink ? h('a', { href: `/office/people/${this.userId}` }, text) : text;
  }
}

const LONG_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * The end of a long id, which differs between objects made at the same time; another id as it is.
 * @param {string} id
 */
export const shortId = (id) => (LONG_ID.test(id) ? `…${id.slice(-8)}` : id);

/**
 * @param {string} userId
 * @param {boolean} [isLink]
 */
export const personName = (userId, isLink = true) => custom('ev-person-name', { '.userId': userId, '.isLink': isLink });

customElements.define('ev-person-name', PersonName);
