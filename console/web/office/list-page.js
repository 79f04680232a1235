// Base class of the office's lists: a filter that the address remembers, and the list that it narrows.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { reloadList } from '../shell/page-list.js';
import { rememberQuery } from '../shell/router.js';
import { filterForm } from './filter-form.js';
import { nameOf } from './names.js';
import { shortId } from './person-name.js';
import { personField } from './person-picker.js';

/** @typedef {import('../shell/view.js').Child} Child */
/** @typedef {import('./filter-form.js').FilterField} FilterField */
/** @typedef {import('./filter-form.js').Filter} Filter */

export class ListPageElement extends ViewElement {
  query = new URLSearchParams();
  /** @type {Filter} The filter of a visit without one in the address. */
  defaults = {};
  /** @type {Filter} */
  filter = {};
  /** @type {Map<string, {id: string, name: string}>} The people whom the address names. */
  #people = new Map();

  start() {
    this.filter = { ...this.defaults, ...Object.fromEntries(this.query) };
  }

  reload() {
    reloadList(this);
  }

  /**
   * A filter for a person.
   * @param {string} name
   * @param {string} label
   */
  personFilter(name, label) {
    const id = this.filter[name];
    if (id && !this.#people.has(id)) {
      this.#people.set(id, { id, name: shortId(id) });
      void this.#readName(id);
    }
    return personField({ name, label, first: this.#people.get(id ?? '') });
  }

  /** @param {string} id */
  async #readName(id) {
    const name = await nameOf(id);
    if (!name) return;
    this.#people.set(id, { id, name });
    this.update();
  }

  /** @param {readonly FilterField[]} fields */
  filters(fields) {
    return filterForm(fields, this.filter, (filter) => {
      this.filter = filter;
      rememberQuery(filter);
      this.update();
      this.reload();
    });
  }
}

/**
 * The head of a page: its title, and what can be done there.
 * @param {string} title
 * @param {...Child} actions
 */
export const pageHead = (title, ...actions) =>
  h('div', { class: 'page-head' }, h('h1', null, title), h('div', { class: 'row' }, actions));
