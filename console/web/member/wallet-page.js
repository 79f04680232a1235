// `<ev-wallet-page>`: balances, and every line of the wallet with its running balance and its derivation.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { pageList, reloadList } from '../shell/page-list.js';
import { get } from '../shell/api.js';
import { inLanguage, saveFile } from '../shell/parts.js';
import { Resource, show } from '../shell/resource.js';
import { onChange } from '../shell/live.js';
import { rememberQuery } from '../shell/router.js';
import { ownId } from '../shell/session.js';
import { dateTime, money, monthName, signedMoney, today } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { lineText } from './explanation.js';
import { walletFigures } from './wallet-figures.js';
import './forfeit-list.js';

/** @typedef {Awaited<ReturnType<typeof readLines>>['items'][number]} Line */
/** @typedef {{type?: string, from?: string, to?: string}} Filter */

/**
 * @param {Filter & {cursor: string | null, limit: number}} query
 * @param {AbortSignal} signal
 */
const readLines = (query, signal) =>
  get('/api/v1/wallet/transactions', { query: { user_id: ownId(), ...query }, signal });

const TYPES = [
  'REFERRAL_BONUS',
  'BINARY_PAIR',
  'EMI_DEDUCTION',
  'RESERVE_DEDUCTION',
  'PAYOUT',
  'DEPOSIT',
  'REFUND',
  'EMI_RELEASE',
  'RESERVE_RELEASE',
  'BOOKING_PAYMENT',
  'REVERSAL',
  'CLAWBACK',
  'ADJUSTMENT',
];

class WalletPage extends ViewElement {
  query = new URLSearchParams();
  /** @type {Filter} */
  #filter = {};
  #wallet = new Resource(this, (signal) => get('/api/v1/wallet', { signal }));

  start() {
    this.#filter = Object.fromEntries(this.query);
    void this.#wallet.load();
    onChange(['wallet'], () => this.#reload(), this.signal);
  }

  #reload() {
    void this.#wallet.load();
    reloadList(this);
  }

  /** @param {Event} event */
  #onFilter(event) {
    const form = /** @type {HTMLInputElement} */ (event.target).form;
    if (!form?.checkValidity()) return;
    this.#filter = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
    rememberQuery(this.#filter);
    this.#reload();
  }

  view() {
    return h(
      'div',
      { class: 'page' },
      h('div', { class: 'page-head' }, h('h1', null, t('wallet.title')), statementMenu()),
      h('section', { class: 'card' }, show(this.#wallet, walletFigures)),
      this.#filterForm(),
      pageList({
        caption: t('wallet.lines'),
        empty: t('wallet.empty'),
        columns: columns(),
        rowKey: (line) => line.id,
        link: (line) => `/wallet/${line.id}`,
        read: this.#read,
      }),
      custom('ev-forfeit-list'),
    );
  }

  #read = (/** @type {{cursor: string | null, limit: number, signal: AbortSignal}} */ { signal, ...page }) =>
    readLines({ ...this.#filter, ...page }, signal);

  #filterForm() {
    const { type, from, to } = this.#filter;
    return h(
      'form',
      { class: 'filters', onchange: (/** @type {Event} */ event) => this.#onFilter(event) },
      h(
        'label',
        { class: 'field' },
        t('wallet.type'),
        h(
          'select',
          { name: 'type' },
          h('option', { value: '' }, t('filter.all')),
          TYPES.map((value) => h('option', { value, selected: value === type }, t(`wallet.type.${value}`))),
        ),
      ),
      h(
        'label',
        { class: 'field' },
        t('filter.from'),
        h('input', { type: 'date', name: 'from', value: from, max: today() }),
      ),
      h('label', { class: 'field' }, t('filter.to'), h('input', { type: 'date', name: 'to', value: to, max: today() })),
    );
  }
}

/** @returns {import('../shell/list.js').Column<Line>[]} */
const columns = () => [
  {
    label: t('wallet.line'),
    cell: (line) => [
      h('strong', null, t(`wallet.type.${line.type}`)),
      h('span', { class: 'hint block' }, lineText(line)),
    ],
  },
  { label: t('wallet.at'), cell: (line) => dateTime(line.created_at), isWide: true },
  {
    label: t('wallet.amount'),
    align: 'end',
    cell: (line) => h('span', { class: line.amount.startsWith('-') ? 'minus' : 'plus' }, signedMoney(line.amount)),
  },
  { label: t('wallet.balance_after'), align: 'end', cell: (line) => money(line.balance_after) },
];

/** The statements of the last twelve months. */
function statementMenu() {
  const [year = 0, month = 1] = today().split('-').map(Number);
  const months = Array.from({ length: 12 }, (_, back) => {
    const count = year * 12 + month - 1 - back;
    return `${Math.floor(count / 12)}-${String((count % 12) + 1).padStart(2, '0')}`;
  });
  return h(
    'details',
    { class: 'dropdown' },
    h('summary', { class: 'button' }, custom('ev-icon', { name: 'document' }), t('wallet.statements')),
    h(
      'ul',
      { class: 'sheet' },
      months.map((value) =>
        h(
          'li',
          { class: 'row' },
          h('span', { class: 'grow' }, monthName(value)),
          ['pdf', 'csv'].map((format) =>
            h('button', { type: 'button', onclick: () => save(value, format) }, format.toUpperCase()),
          ),
        ),
      ),
    ),
  );
}

/**
 * @param {string} month
 * @param {string} format
 */
const save = (month, format) => saveFile('/api/v1/wallet/statement', { query: { month, format, ...inLanguage() } });

customElements.define('ev-wallet-page', WalletPage);
