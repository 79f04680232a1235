// `<ev-payouts-page>`: the member's payouts.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { pageList, reloadList } from '../shell/page-list.js';
import { get } from '../shell/api.js';
import { onChange } from '../shell/live.js';
import { statusTag } from '../shell/parts.js';
import { rememberQuery } from '../shell/router.js';
import { ownId } from '../shell/session.js';
import { dateTime, money } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { statusFilter } from './status-filter.js';

/** @typedef {Awaited<ReturnType<typeof readPayouts>>['items'][number]} Payout */
/** @typedef {{cursor: string | null, limit: number}} PageQuery */

/**
 * @param {PageQuery & {status: string}} query
 * @param {AbortSignal} signal
 */
const readPayouts = (query, signal) => get('/api/v1/payouts', { query: { user_id: ownId(), ...query }, signal });

const STATES = [
  'requested',
  'pending',
  'approved',
  'processing',
  'completed',
  'rejected',
  'cancelled',
  'failed',
  'reversed',
];

class PayoutsPage extends ViewElement {
  query = new URLSearchParams();
  #status = '';

  start() {
    this.#status = this.query.get('status') ?? '';
    onChange(['payout'], () => this.#reload(), this.signal);
  }

  #reload() {
    reloadList(this);
  }

  /** @param {string} status */
  #filter(status) {
    this.#status = status;
    rememberQuery({ status });
    this.#reload();
  }

  view() {
    return h(
      'div',
      { class: 'page' },
      h(
        'div',
        { class: 'page-head' },
        h('h1', null, t('payouts.title')),
        h(
          'div',
          { class: 'row' },
          h('a', { class: 'button', href: '/payouts/bank-accounts' }, t('accounts.title')),
          h(
            'a',
            { class: 'button primary', href: '/payouts/new' },
            custom('ev-icon', { name: 'add' }),
            t('payout.new'),
          ),
        ),
      ),
      statusFilter('payout', STATES, this.#status, (status) => this.#filter(status)),
      pageList({
        caption: t('payouts.title'),
        empty: t('payouts.empty'),
        columns: columns(),
        rowKey: (payout) => payout.id,
        link: (payout) => `/payouts/${payout.id}`,
        read: this.#read,
      }),
    );
  }

  #read = (/** @type {PageQuery & {signal: AbortSignal}} */ { signal, ...page }) =>
    readPayouts({ status: this.#status, ...page }, signal);
}

/** @returns {import('../shell/list.js').Column<Payout>[]} */
const columns = () => [
  {
    label: t('payout.requested'),
    cell: (payout) => [
      h('strong', null, money(payout.requested)),
      h('span', { class: 'hint block' }, dateTime(payout.created_at)),
    ],
  },
  { label: t('payout.status'), cell: (payout) => statusTag('payout', payout.status) },
  { label: t('payout.bank'), cell: (payout) => payout.bank.account_number, isWide: true },
  { label: t('payout.net'), align: 'end', cell: (payout) => money(payout.net), isWide: true },
];

customElements.define('ev-payouts-page', PayoutsPage);
