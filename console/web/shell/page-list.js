// A list as a part of a page, with its types, and the reading of it again.

import { custom, h } from './view.js';
import './list.js';

/** @typedef {{cursor: string | null, limit: number, signal: AbortSignal}} PageRequest */
/**
 * @template T
 * @typedef {{
 *   caption: string,
 *   empty: string,
 *   columns: readonly import('./list.js').Column<T>[],
 *   rowKey: (row: T) => string,
 *   link?: (row: T) => string,
 *   read: (page: PageRequest) => Promise<import('./list.js').ListPage<T>>,
 *   key?: string,
 * }} ListSpec
 */

/**
 * @template T
 * @param {ListSpec<T>} list
 */
export const pageList = ({ caption, empty, columns, rowKey, link, read, key }) =>
  // The list has no box of its own, so its parts stand together in one.
  h(
    'div',
    key ? { key } : null,
    custom('ev-list', {
      '.caption': caption,
      '.empty': empty,
      '.columns': columns,
      '.rowKey': rowKey,
      '.link': link,
      '.read': read,
    }),
  );

/** @param {Element} host the element that shows the list */
export const reloadList = (host) =>
  /** @type {import('./list.js').ListElement<unknown> | null} */ (host.querySelector('ev-list'))?.reload();
