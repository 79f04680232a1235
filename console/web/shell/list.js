// `<ev-list>`: a table of rows that come in pages from the API.
//
// By default the rows scroll: more pages are read as the end comes near, and only the rows near the visible part are in
// the document. The switch "plain pages" shows one page at a time instead, for search in the page and screen readers.

import { ViewElement } from './view-element.js';
import { custom, h } from './view.js';
import { isAbort } from './api.js';
import { t } from '../i18n/i18n.js';

/** @typedef {import('./view.js').Child} Child */
/**
 * @template T
 * @typedef {{items: T[], next_cursor?: string | null}} ListPage
 */
/**
 * `cell` shows the value of a row. `align` is `end` for amounts. Columns with `isWide` are left out on narrow screens.
 * @template T
 * @typedef {{label: string, cell: (row: T) => Child, align?: 'end', isWide?: boolean}} Column
 */

const PAGE_LENGTH = 50;
/** Height of a row before one was measured. */
const ROW_HEIGHT_PX = 64;
/** Rows in the document besides the visible ones, on each side. */
const OVERSCAN_ROWS = 10;
const MAX_DRAWN_ROWS = 60;
const PLAIN_KEY = 'ev.plain_pages';

/** @template T */
export class ListElement extends ViewElement {
  /** @type {(page: {cursor: string | null, limit: number, signal: AbortSignal}) => Promise<ListPage<T>>} */
  read = async () => ({ items: [], next_cursor: null });
  /** @type {readonly Column<T>[]} */
  columns = [];
  /** @type {(row: T) => string} */
  rowKey = String;
  /** @type {((row: T) => string) | undefined} The address that a row leads to. */
  link;
  caption = '';
  empty = '';
  /** @type {T[]} */
  #rows = [];
  /** @type {(string | null)[]} The cursors of the pages before this one, in the mode with plain pages. */
  #earlier = [];
  /** @type {string | null} */
  #cursor = null;
  /** @type {string | null | undefined} Undefined before the first page. */
  #next;
  /** @type {unknown} */
  #error;
  #isLoading = false;
  #attempt = 0;
  #scrollTop = 0;
  #height = 600;
  #rowHeight = ROW_HEIGHT_PX;

  get isPlain() {
    return localStorage.getItem(PLAIN_KEY) === 'true';
  }

  start() {
    this.reload();
  }

  /** Reads the list again from its beginning. */
  reload() {
    this.#earlier = [];
    this.#begin(null);
  }

  /** @param {string | null} cursor */
  #begin(cursor) {
    [this.#rows, this.#cursor, this.#next, this.#isLoading] = [[], cursor, undefined, false];
    this.querySelector('.rows')?.scrollTo({ top: 0 });
    void this.#readMore(cursor);
  }

  /** @param {string | null} cursor */
  async #readMore(cursor) {
    if (this.#isLoading) return;
    const attempt = ++this.#attempt;
    [this.#isLoading, this.#error] = [true, undefined];
    this.update();
    try {
      const page = await this.read({ cursor, limit: PAGE_LENGTH, signal: this.signal });
      if (attempt !== this.#attempt) return;
      this.#rows = [...this.#rows, ...page.items];
      this.#next = page.next_cursor ?? null;
    } catch (error) {
      if (attempt === this.#attempt && !isAbort(error)) this.#error = error;
    }
    if (attempt === this.#attempt) this.#isLoading = false;
    this.update();
  }

  /** @param {Event} event */
  #onScroll(event) {
    const box = /** @type {HTMLElement} */ (event.currentTarget);
    [this.#scrollTop, this.#height] = [box.scrollTop, box.clientHeight];
    this.#rowHeight = box.querySelector('tr[data-key]:not(.spacer)')?.clientHeight || ROW_HEIGHT_PX;
    const isNearEnd = box.scrollTop + 2 * box.clientHeight > box.scrollHeight;
    if (isNearEnd && this.#next && !this.#error) void this.#readMore(this.#next);
    this.update();
  }

  #setPlain() {
    localStorage.setItem(PLAIN_KEY, String(!this.isPlain));
    this.reload();
  }

  view() {
    if (this.#next === undefined && this.#error) {
      return custom('ev-problem', { '.error': this.#error, '.retry': () => this.reload() });
    }
    if (this.#next === null && this.#rows.length === 0 && this.#earlier.length === 0) {
      return h('p', { class: 'empty' }, this.empty || t('list.empty'));
    }
    return [this.isPlain ? this.#plainPage() : this.#window(), this.#footer()];
  }

  #plainPage() {
    return h('div', { class: 'table list' }, this.#table(this.#rows, 0));
  }

  #window() {
    const visible = Math.ceil(this.#height / this.#rowHeight) + 2 * OVERSCAN_ROWS;
    const drawn = Math.min(visible, MAX_DRAWN_ROWS);
    const last = Math.max(0, this.#rows.length - drawn);
    const first = Math.min(Math.max(0, Math.floor(this.#scrollTop / this.#rowHeight) - OVERSCAN_ROWS), last);
    return h(
      'div',
      {
        class: 'table list rows',
        tabindex: 0,
        role: 'region',
        'aria-label': this.caption,
        '.onscroll': this.#scrolled,
      },
      this.#table(this.#rows.slice(first, first + drawn), first),
    );
  }

  /** @type {(event: Event) => void} */
  #scrolled = (event) => this.#onScroll(event);

  /**
   * @param {T[]} rows
   * @param {number} first
   */
  #table(rows, first) {
    const isWindow = !this.isPlain;
    const after = this.#rows.length - first - rows.length;
    return h(
      'table',
      // On a narrow screen rows are blocks, which some browsers no longer call rows.
      {
        role: 'table',
        'aria-rowcount': isWindow ? (this.#next ? -1 : this.#rows.length + 1) : null,
        'aria-busy': this.#isLoading,
      },
      h('caption', { class: 'visually-hidden' }, this.caption),
      h(
        'thead',
        { role: 'rowgroup' },
        h(
          'tr',
          { role: 'row' },
          this.columns.map((column) =>
            h('th', { scope: 'col', role: 'columnheader', class: classOf(column) }, column.label),
          ),
        ),
      ),
      h(
        'tbody',
        { role: 'rowgroup' },
        isWindow && first > 0 ? spacer('before', first * this.#rowHeight, this.columns.length) : null,
        rows.map((row, i) => this.#row(row, isWindow ? first + i + 2 : null)),
        isWindow && after > 0 ? spacer('after', after * this.#rowHeight, this.columns.length) : null,
      ),
    );
  }

  /**
   * @param {T} row
   * @param {number | null} position
   */
  #row(row, position) {
    const cells = this.columns.map((column, i) => {
      const content = column.cell(row);
      const isLink = i === 0 && this.link;
      return h(
        'td',
        { role: 'cell', class: classOf(column), 'data-label': column.label },
        isLink ? h('a', { href: this.link?.(row) }, content) : content,
      );
    });
    return h('tr', { role: 'row', key: this.rowKey(row), 'aria-rowindex': position }, cells);
  }

  #footer() {
    const previous = () => this.#begin(this.#earlier.pop() ?? null);
    const next = () => {
      this.#earlier.push(this.#cursor);
      this.#begin(this.#next ?? null);
    };
    return h(
      'footer',
      { class: 'list-footer' },
      this.#error
        ? custom('ev-problem', { '.error': this.#error, '.retry': () => this.#readMore(this.#next ?? null) })
        : null,
      h(
        'p',
        { class: 'hint', role: 'status' },
        this.#isLoading ? t('list.loading') : t('list.count', { count: this.#rows.length }),
      ),
      this.isPlain
        ? [
            h(
              'button',
              { type: 'button', disabled: this.#earlier.length === 0, onclick: previous },
              t('list.previous'),
            ),
            h('button', { type: 'button', disabled: !this.#next, onclick: next }, t('list.next')),
          ]
        : null,
      h(
        'label',
        { class: 'switch' },
        h('input', { type: 'checkbox', checked: this.isPlain, onchange: () => this.#setPlain() }),
        t('list.plain'),
      ),
    );
  }
}

/** @param {Column<any>} column */
const classOf = (column) => [column.align ?? '', column.isWide ? 'wide' : ''].join(' ').trim() || null;

/**
 * An empty row in place of rows that are not in the document.
 * @param {string} key
 * @param {number} height in pixels
 * @param {number} columns
 */
function spacer(key, height, columns) {
  const cell = h('td', { colspan: columns });
  cell.style.height = `${height}px`;
  return h('tr', { key: `spacer-${key}`, 'aria-hidden': 'true', class: 'spacer' }, cell);
}

customElements.define('ev-list', ListElement);
