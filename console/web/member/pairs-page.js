// `<ev-pairs-page>`: the member's pairs, each with the two members that make it.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { pageList, reloadList } from '../shell/page-list.js';
import { get } from '../shell/api.js';
import { onChange } from '../shell/live.js';
import { backLink, statusTag } from '../shell/parts.js';
import { rememberQuery } from '../shell/router.js';
import { ownId } from '../shell/session.js';
import { dateTime, money, number, today } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { statusFilter } from './status-filter.js';

/** @typedef {import('../shell/api.js').Answer<'get', '/api/v1/binary/pairs'>['items'][number]} Pair */
/** @typedef {{cursor: string | null, limit: number, signal: AbortSignal}} PageRequest */

const STATES = ['matched', 'flushed', 'voided'];

class PairsPage extends ViewElement {
  query = new URLSearchParams();
  #month = '';
  #status = '';

  start() {
    this.#month = this.query.get('month') ?? '';
    this.#status = this.query.get('status') ?? '';
    onChange(['tree'], () => this.#reload(), this.signal);
  }

  #reload() {
    reloadList(this);
  }

  #filter() {
    rememberQuery({ month: this.#month, status: this.#status });
    this.#reload();
  }

  view() {
    return h(
      'div',
      { class: 'page' },
      backLink('/tree', t('pairs.back')),
      h('h1', null, t('pairs.title')),
      h(
        'div',
        { class: 'filters' },
        h(
          'label',
          { class: 'field' },
          t('pair.month'),
          h('input', {
            type: 'month',
            value: this.#month,
            max: today().slice(0, 7),
            onchange: (/** @type {{target: HTMLInputElement}} */ { target }) => {
              if (!target.reportValidity()) return;
              this.#month = target.value;
              this.#filter();
            },
          }),
        ),
        statusFilter('pair', STATES, this.#status, (status) => {
          this.#status = status;
          this.#filter();
        }),
      ),
      pageList({
        caption: t('pairs.title'),
        empty: t('pairs.empty'),
        columns: columns(),
        rowKey: (pair) => pair.id,
        read: this.#read,
      }),
    );
  }

  #read = (/** @type {PageRequest} */ { signal, ...page }) => {
    const query = {
      user_id: ownId(),
      month: this.#month,
      status: this.#status,
      ...page,
    };
    return get('/api/v1/binary/pairs', { query, signal });
  };
}

/** @returns {import('../shell/list.js').Column<Pair>[]} */
const columns = () => [
  {
    label: t('pair.name'),
    cell: (pair) => [
      h('strong', null, t('pair.number', { number: number(pair.number) })),
      h('span', { class: 'hint block' }, bothNames(pair)),
    ],
  },
  { label: t('pair.status'), cell: (pair) => statusTag('pair', pair.status) },
  { label: t('pair.matched_at'), cell: (pair) => dateTime(pair.matched_at), isWide: true },
  { label: t('pair.gross'), align: 'end', cell: (pair) => money(pair.gross) },
  { label: t('pair.available'), align: 'end', cell: (pair) => money(pair.available), isWide: true },
];

/** @param {Pair} pair */
const bothNames = ({ left, right }) =>
  t('pair.both', { left: left.name || t('tree.unnamed'), right: right.name || t('tree.unnamed') });

customElements.define('ev-pairs-page', PairsPage);
