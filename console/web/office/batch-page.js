// `<ev-batch-page>`: one batch of payouts: its file for the bank, the bank's answer, and the payouts without one.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { get } from '../shell/api.js';
import { detailPage } from '../shell/detail-page.js';
import { backLink, card, pairs, saveFile, tag } from '../shell/parts.js';
import { Resource } from '../shell/resource.js';
import { dateTime, money, number } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { payoutColumns } from './columns.js';
import { pageList, reloadList } from '../shell/page-list.js';
import { personName } from './person-name.js';
import { batchName } from './reference.js';
import './batch-answer.js';

/** @typedef {Awaited<ReturnType<typeof readBatch>>} Batch */

/**
 * @param {string} id
 * @param {AbortSignal} signal
 */
const readBatch = (id, signal) => get('/api/v1/payout-batches/{id}', { params: { id }, signal });

class BatchPage extends ViewElement {
  /** @type {Record<string, string>} */
  params = {};
  #batch = new Resource(this, (signal) => readBatch(this.params['id'] ?? '', signal));

  start() {
    void this.#batch.load();
  }

  #reload = () => {
    void this.#batch.load();
    reloadList(this);
  };

  view() {
    return detailPage(
      { back: backLink('/office/payout-batches', t('office.batches.back')), title: t('office.batch') },
      this.#batch,
      (batch) => this.#content(batch),
    );
  }

  /** @param {Batch} batch */
  #content(batch) {
    const { id } = batch;
    return [
      h(
        'div',
        { class: 'page-head' },
        h('h1', null, t('office.batch.of', { time: batchName(batch.created_at) })),
        batch.open > 0
          ? tag(t('office.batch.open', { count: batch.open }), 'warn')
          : tag(t('office.batch.settled'), 'good'),
      ),
      card(
        t('office.batch'),
        pairs([
          [t('office.batch.total'), money(batch.total)],
          [t('payouts.title'), number(batch.payouts)],
          [t('office.batch.without_answer'), number(batch.open)],
          [t('office.batch.created_at'), dateTime(batch.created_at)],
          [t('office.batch.created_by'), personName(batch.created_by)],
        ]),
        h('p', { class: 'hint' }, t('office.batch.file_hint')),
        h(
          'footer',
          { class: 'actions' },
          h(
            'button',
            { type: 'button', disabled: batch.open === 0, onclick: () => saveBankFile(id) },
            custom('ev-icon', { name: 'download' }),
            t('office.batch.file'),
          ),
        ),
      ),
      batch.open > 0
        ? card(t('office.batch.answer'), custom('ev-batch-answer', { '.batchId': id, '.done': this.#reload }))
        : null,
      pageList({
        caption: t('office.batch.without_answer'),
        empty: t('office.batch.none_open'),
        columns: payoutColumns({ isOfBatch: true }),
        rowKey: (payout) => payout.id,
        link: (payout) => `/office/payouts/${payout.id}`,
        read: ({ signal, ...page }) =>
          get('/api/v1/payouts', { query: { batch_id: id, status: 'processing', ...page }, signal }),
      }),
    ];
  }
}

/** @param {string} id */
const saveBankFile = (id) => void saveFile('/api/v1/payout-batches/{id}/file', { params: { id } });

customElements.define('ev-batch-page', BatchPage);
