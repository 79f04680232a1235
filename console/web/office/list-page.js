// Base class of the office's lists: a filter that the address remembers, and the list that it narrows.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { rememberQuery } from '../shell/router.js';
import { filterForm } from './filter-form.js';
import '../shell/list.js';

/** @typedef {import('../shell/view.js').Child} Child */
/** @typedef {import('./filter-form.js').FilterField} FilterField */
/** @typedef {import('./filter-form.js').Filter} Filter */
/** @typedef {{cursor: string | null, limit: number, signal: AbortSignal}} PageRequest */
/**
 * @template T
 * @typedef {import('../shell/list.js').ListPage<T>} Page
 */
/**
 * @template T
 * @typedef {{
 *   caption: string,
 *   empty: string,
 *   columns: readonly import('../shell/list.js').Column<T>[],
 *   rowKey: (row: T) => string,
 *   link?: (row: T) => string,
 *   read: (page: PageRequest) => Promise<Page<T>>,
 * }} ListSpec
 */

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

/** @param {Element} host the element that shows the list */
export const reloadList = (host) =>
  /** @type {import('../shell/list.js').ListElement<unknown> | null} */ (host.querySelector('ev-list'))?.reload();

/**
 * @template T
 * @param {ListSpec<T>} list
 */
export const pageList = ({ caption, empty, columns, rowKey, link, read }) =>
  // The list has no box of its own, so its parts stand together in one.
  h(
    'div',
    { class: 'office-list' },
    custom('ev-list', {
      '.caption': caption,
      '.empty': empty,
      '.columns': columns,
      '.rowKey': rowKey,
      '.link': link,
      '.read': read,
    }),
  );

/**
 * The head of a page: its title, and what can be done there.
 * @param {string} title
 * @param {...Child} actions
 */
export const pageHead = (title, ...actions) =>
  h('div', { class: 'page-head' }, h('h1', null, title), h('div', { class: 'row' }, actions));
