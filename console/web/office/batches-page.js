// `<ev-batches-page>`: batches of payouts for the bank, and what the next one would contain.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { pageList } from '../shell/page-list.js';
import { get, post } from '../shell/api.js';
import { backLink, card, pairs, tag } from '../shell/parts.js';
import { Resource, show } from '../shell/resource.js';
import { navigate } from '../shell/router.js';
import { money, number } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { actionBar, actionButton, runAction } from './actions.js';
import { moneyColumn } from './columns.js';
import { pageHead } from './list-page.js';
import { personName } from './person-name.js';
import { batchName } from './reference.js';

/** @typedef {Awaited<ReturnType<typeof readNext>>} Next */
/** @typedef {import('../shell/api.js').Answer<'get', '/api/v1/payout-batches'>['items'][number]} Batch */

/** @param {AbortSignal} [signal] */
const readNext = (signal) => get('/api/v1/payout-batches/next', { signal });

class BatchesPage extends ViewElement {
  #next = new Resource(this, readNext);

  start() {
    void this.#next.load();
  }

  view() {
    return h(
      'div',
      { class: 'page' },
      backLink('/office/payouts', t('office.payouts.back')),
      pageHead(t('office.batches.title')),
      card(t('office.batch.next'), show(this.#next, next)),
      pageList({
        caption: t('office.batches.title'),
        empty: t('office.batches.empty'),
        columns: columns(),
        rowKey: (batch) => batch.id,
        link: (batch) => `/office/payout-batches/${batch.id}`,
        read: ({ signal, ...page }) => get('/api/v1/payout-batches', { query: page, signal }),
      }),
    );
  }
}

/** @param {Next} next */
function next({ payouts, total }) {
  if (payouts === 0) return h('p', { class: 'hint' }, t('problem.payout.nothing_to_send'));
  return [
    pairs([
      [t('payouts.title'), number(payouts)],
      [t('office.batch.total'), money(total)],
    ]),
    actionBar(actionButton(t('office.batch.create'), createBatch, 'primary')),
  ];
}

/** @returns {import('../shell/list.js').Column<Batch>[]} */
const columns = () => [
  { label: t('office.batch'), cell: (row) => h('strong', null, batchName(row.created_at)) },
  {
    label: t('booking.status'),
    cell: (row) =>
      row.open > 0 ? tag(t('office.batch.open', { count: row.open }), 'warn') : tag(t('office.batch.settled'), 'good'),
  },
  { label: t('payouts.title'), align: 'end', cell: (row) => number(row.payouts), isWide: true },
  moneyColumn(t('office.batch.total'), (row) => row.total),
  { label: t('office.batch.created_by'), cell: (row) => personName(row.created_by), isWide: true },
];

async function createBatch() {
  const batch = await runAction({
    title: t('office.batch.create'),
    label: t('office.batch.create'),
    prepare: () => readNext(),
    effects: (_, { payouts, total }) => [
      t('office.batch.next_effect', { count: payouts, total: money(total) }),
      t('office.batch.create_effect'),
      t('office.batch.file_effect'),
    ],
    act: (_, key) => post('/api/v1/payout-batches', undefined, { key }),
  });
  if (batch) navigate(`/office/payout-batches/${batch.id}`);
}

customElements.define('ev-batches-page', BatchesPage);
