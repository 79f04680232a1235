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

/** @typedef {Awaited<ReturnType<typeof readChannels>>['channels'][number]} Channel */

/** @param {AbortSignal} [signal] */
const readNext = (signal) => get('/api/v1/payout-batches/next', { signal });

/** @param {AbortSignal} signal */
const readChannels = (signal) => get('/api/v1/payout-batches/channels', { signal });

class BatchesPage extends ViewElement {
  #next = new Resource(this, readNext);
  #channels = new Resource(this, readChannels);

  start() {
    void this.#next.load();
    void this.#channels.load();
  }

  view() {
    return h(
      'div',
      { class: 'page' },
      backLink('/office/payouts', t('office.payouts.back')),
      pageHead(t('office.batches.title')),
      card(
        t('office.batch.next'),
        show(this.#next, (next) => show(this.#channels, ({ channels }) => nextBatch(next, channels))),
      ),
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

/**
 * @param {Next} next
 * @param {readonly Channel[]} channels
 */
function nextBatch({ payouts, total }, channels) {
  if (payouts === 0) return h('p', { class: 'hint' }, t('problem.payout.nothing_to_send'));
  return [
    pairs([
      [t('payouts.title'), number(payouts)],
      [t('office.batch.total'), money(total)],
    ]),
    actionBar(actionButton(t('office.batch.create'), () => createBatch(channels), 'primary')),
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
  { label: t('office.batch.channel'), cell: (row) => t(`office.batch.channel.${row.channel}`), isWide: true },
  { label: t('office.batch.created_by'), cell: (row) => personName(row.created_by), isWide: true },
];

/** @param {readonly Channel[]} channels the usual one first; without a choice it is not asked for */
async function createBatch(channels) {
  const channelOf = (/** @type {import('../shell/form.js').Values} */ { channel }) =>
    channels.find((name) => name === channel) ?? channels[0] ?? 'manual';
  const batch = await runAction({
    title: t('office.batch.create'),
    label: t('office.batch.create'),
    fields:
      channels.length > 1
        ? [
            {
              name: 'channel',
              label: t('office.batch.channel'),
              type: 'select',
              choices: channels.map((value) => ({ value, label: t(`office.batch.channel.${value}`) })),
            },
          ]
        : [],
    prepare: () => readNext(),
    effects: (values, { payouts, total }) => [
      t('office.batch.next_effect', { count: payouts, total: money(total) }),
      t('office.batch.create_effect'),
      channelOf(values) === 'manual' ? t('office.batch.file_effect') : t('office.batch.api_effect'),
    ],
    act: (values, key) => post('/api/v1/payout-batches', { channel: channelOf(values) }, { key }),
  });
  if (batch) navigate(`/office/payout-batches/${batch.id}`);
}

customElements.define('ev-batches-page', BatchesPage);
