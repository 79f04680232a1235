// Base class of the office's lists: a filter that the address remembers, and the list that it narrows.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { pageList, reloadList } from '../shell/page-list.js';
import { rememberQuery } from '../shell/router.js';
import { filterForm } from './filter-form.js';

/** @typedef {import('../shell/view.js').Child} Child */
/** @typedef {import('./filter-form.js').FilterField} FilterField */
/** @typedef {import('./filter-form.js').Filter} Filter */

export class ListPageElement extends ViewElement {
  query = new URLSearchParams();
  /** @type {Filter} The filter of a visit without one in the address. */
  defaults = {};
  /** @type {Filter} */
  filter = {};

  start() {
    this.filter = { ...this.defaults, ...Object.fromEntries(this.query) };
  }

  reload() {
    reloadList(this);
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
 * A list in the style of the office.
 * @template T
 * @param {import('../shell/page-list.js').ListSpec<T>} list
 */
export const officeList = (list) => pageList({ ...list, style: 'office-list' });

/**
 * The head of a page: its title, and what can be done there.
 * @param {string} title
 * @param {...Child} actions
 */
export const pageHead = (title, ...actions) =>
  h('div', { class: 'page-head' }, h('h1', null, title), h('div', { class: 'row' }, actions));
