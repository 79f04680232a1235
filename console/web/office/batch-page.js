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
async function readBatch(id, signal) {
  const [batch, { templates }] = await Promise.all([
    get('/api/v1/payout-batches/{id}', { params: { id }, signal }),
    get('/api/v1/payout-batches/channels', { signal }),
  ]);
  return { ...batch, templates };
}

/** The device remembers the bank of the last file. */
const TEMPLATE_KEY = 'bank-template';

class BatchPage extends ViewElement {
  /** @type {Record<string, string>} */
  params = {};
  #template = localStorage.getItem(TEMPLATE_KEY) ?? 'generic';
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
  #chosen({ templates }) {
    return templates.find(({ id }) => id === this.#template) ?? templates[0];
  }

  /** @param {string} template */
  #choose(template) {
    this.#template = template;
    localStorage.setItem(TEMPLATE_KEY, template);
    this.update();
  }

  /**
   * The file for the bank, in the bank's format.
   * @param {Batch} batch
   */
  #file(batch) {
    const chosen = this.#chosen(batch);
    return [
      h(
        'label',
        { class: 'field' },
        t('office.batch.template'),
        h(
          'select',
          { onchange: (/** @type {{target: HTMLSelectElement}} */ event) => this.#choose(event.target.value) },
          batch.templates.map(({ id, name }) => h('option', { value: id, selected: id === chosen?.id }, name)),
        ),
      ),
      h('p', { class: 'hint' }, t('office.batch.columns', { columns: chosen?.columns.join(', ') ?? '' })),
      chosen?.is_available ? null : h('p', { class: 'notice warn' }, t('problem.payout.debit_account_missing')),
      h('p', { class: 'hint' }, t('office.batch.file_hint')),
      h(
        'footer',
        { class: 'actions' },
        h(
          'button',
          {
            type: 'button',
            disabled: batch.open === 0 || !chosen?.is_available,
            onclick: () => saveBankFile(batch.id, chosen?.id ?? 'generic'),
          },
          custom('ev-icon', { name: 'download' }),
          t('office.batch.file'),
        ),
      ),
    ];
  }

  /** @param {Batch} batch */
  #answer(batch) {
    const chosen = this.#chosen(batch);
    const element = custom('ev-batch-answer', {
      // What was read by another template is read again.
      key: chosen?.id,
      '.batchId': batch.id,
      '.template': chosen?.id ?? 'generic',
      '.columns': chosen?.answer_columns ?? [],
      '.done': this.#reload,
    });
    return card(t('office.batch.answer'), element);
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
          [t('office.batch.channel'), t(`office.batch.channel.${batch.channel}`)],
          [t('office.batch.created_at'), dateTime(batch.created_at)],
          [t('office.batch.created_by'), personName(batch.created_by)],
        ]),
        batch.channel === 'manual' ? this.#file(batch) : h('p', { class: 'hint' }, t('office.batch.api_hint')),
      ),
      batch.open > 0 && batch.channel === 'manual' ? this.#answer(batch) : null,
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

/**
 * @param {string} id
 * @param {string} template
 */
const saveBankFile = (id, template) =>
  void saveFile('/api/v1/payout-batches/{id}/file', { params: { id }, query: { template } });

customElements.define('ev-batch-page', BatchPage);
