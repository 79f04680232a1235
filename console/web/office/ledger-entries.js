// `<ev-ledger-entries>`: entries of the journal, narrowed by kind, account and days.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { get } from '../shell/api.js';
import { dateTime, money } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { accountName, referenceText } from '../member/explanation.js';
import { twoLines } from './columns.js';
import { filterForm } from './filter-form.js';
import { pageList, reloadList } from '../shell/page-list.js';

/** @typedef {import('./columns.js').Row<'/api/v1/ledger/entries'>} Entry */

const KINDS = [
  'referral',
  'referral_reversal',
  'pair',
  'pair_void',
  'refund',
  'return',
  'refund_clawback',
  'booking_payment',
  'hold',
  'capture',
  'release',
  'payout_completion',
  'payout_failure',
  'payout_reversal',
  'emi_application',
  'emi_release',
  'deposit',
  'reserve_release',
  'adjustment',
];
/** Only accounts of the company: one of members needs a member. */
const ACCOUNTS = [
  'bank',
  'booking_receipts',
  'referral_expense',
  'pair_expense',
  'payout_clearing',
  'tds_payable',
  'adjustments',
].map((name) => `company:${name}`);

class LedgerEntries extends ViewElement {
  /** @type {import('./filter-form.js').Filter} */
  #filter = {};

  view() {
    return [
      filterForm(
        [
          {
            name: 'narrow',
            label: t('office.ledger.narrow'),
            type: 'select',
            choices: [
              { value: '', label: t('filter.all') },
              ...KINDS.map((kind) => ({ value: `kind ${kind}`, label: t(`wallet.kind.${kind}`) })),
              ...ACCOUNTS.map((account) => ({ value: `account ${account}`, label: accountName(account) })),
            ],
          },
          { name: 'from', label: t('filter.from'), type: 'date' },
          { name: 'to', label: t('filter.to'), type: 'date' },
        ],
        this.#filter,
        (filter) => {
          this.#filter = filter;
          this.update();
          reloadList(this);
        },
      ),
      pageList({
        caption: t('office.ledger.entries'),
        empty: t('office.ledger.no_entry'),
        columns: columns(),
        rowKey: (entry) => entry.id,
        link: (entry) => `/office/ledger/entries/${entry.id}`,
        read: ({ signal, ...page }) => get('/api/v1/ledger/entries', { query: { ...this.#query, ...page }, signal }),
      }),
    ];
  }

  /** The API takes a kind and an account together only for one member, so the filter is one or the other. */
  get #query() {
    const { narrow = '', from, to } = this.#filter;
    const [name, value] = narrow.split(' ');
    return { from, to, ...(name ? { [name]: value } : {}) };
  }
}

/** @returns {import('./columns.js').Column<Entry>[]} */
const columns = () => [
  {
    label: t('office.ledger.entry'),
    cell: ({ kind, reference }) => twoLines(t(`wallet.kind.${kind}`), referenceText(reference)),
  },
  {
    label: t('office.person'),
    cell: ({ member_id: id, member_name: name }) =>
      h('a', { href: `/office/people/${id}?tab=wallet` }, name ?? t('tree.unnamed')),
    isWide: true,
  },
  { label: t('office.ledger.posted_at'), cell: (entry) => dateTime(entry.posted_at), isWide: true },
  { label: t('wallet.amount'), align: 'end', cell: (entry) => money(entry.total_debit) },
];

customElements.define('ev-ledger-entries', LedgerEntries);
