// `<ev-ledger-verification>`: the newest verification of the ledger and of the tree, each with its result.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { get, post } from '../shell/api.js';
import { card, pairs } from '../shell/parts.js';
import { show } from '../shell/resource.js';
import { dateTime, number } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { actionBar, actionButton } from './actions.js';
import { NewestTask } from './long-task.js';

/** @typedef {import('../shell/api.js').Answer<'get', '/api/v1/ledger/verify'>} LedgerResult */
/** @typedef {import('../shell/api.js').Answer<'get', '/api/v1/binary/verify'>} TreeResult */

class LedgerVerification extends ViewElement {
  /** @type {NewestTask<LedgerResult>} */
  #ledger = new NewestTask(this, {
    request: (signal) => post('/api/v1/ledger/verifications', undefined, { signal }),
    list: (signal) => get('/api/v1/ledger/verifications', { query: { limit: 1 }, signal }),
    read: (id, signal) => get('/api/v1/ledger/verifications/{id}', { params: { id }, signal }),
  });
  /** @type {NewestTask<TreeResult>} */
  #tree = new NewestTask(this, {
    request: (signal) => post('/api/v1/binary/verifications', undefined, { signal }),
    list: (signal) => get('/api/v1/binary/verifications', { query: { limit: 1 }, signal }),
    read: (id, signal) => get('/api/v1/binary/verifications/{id}', { params: { id }, signal }),
  });

  start() {
    void this.#ledger.load();
    void this.#tree.load();
  }

  view() {
    return h(
      'div',
      { class: 'cards' },
      part('ledger', this.#ledger, ledgerResult),
      part('tree', this.#tree, treeResult),
    );
  }
}

/**
 * @template R
 * @param {'ledger' | 'tree'} name
 * @param {NewestTask<R>} newest
 * @param {(report: R) => import('../shell/view.js').Child} result
 */
const part = (name, newest, result) =>
  card(
    t(`office.verify.${name}`),
    h('p', { class: 'hint' }, t(`office.verify.${name}_hint`)),
    h(
      'div',
      { role: 'status' },
      newest.isLoading
        ? h('p', null, t('office.verify.running', { percent: number(newest.percent) }))
        : show(newest, (task) => (task ? ended(task, result) : h('p', null, t('office.verify.not_yet')))),
    ),
    actionBar(actionButton(t(`office.verify.${name}`), () => void newest.request(), 'primary')),
  );

/**
 * @template R
 * @param {import('./long-task.js').Task<R>} task
 * @param {(report: R) => import('../shell/view.js').Child} result
 */
const ended = ({ state, finished_at: at, result: report }, result) => [
  at ? h('p', { class: 'hint' }, t('office.verify.ended', { at: dateTime(at) })) : null,
  state === 'done' && report ? result(report) : h('p', { class: 'notice bad' }, t('office.verify.failed')),
];

/** @param {boolean} ok */
const verdict = (ok) =>
  h(
    'p',
    { class: ok ? 'notice' : 'notice bad' },
    custom('ev-icon', { name: ok ? 'check' : 'close' }),
    t(ok ? 'office.verify.ok' : 'office.verify.broken'),
  );

/** @param {LedgerResult} result */
const ledgerResult = ({ ok, faults, ...counts }) => [
  verdict(ok),
  pairs([
    [t('office.verify.wallets'), number(counts.wallets_checked)],
    [t('office.verify.entries'), number(counts.entries_checked)],
    [t('office.verify.sealed'), number(counts.entries_sealed)],
  ]),
  faults.map((fault) =>
    pairs([
      [t('office.verify.fault'), `${fault.kind}: ${fault.subject}`],
      [t('office.verify.expected'), fault.expected],
      [t('office.verify.found'), fault.found],
    ]),
  ),
];

/** @param {TreeResult} result */
const treeResult = ({ ok, deviation, ...counts }) => [
  verdict(ok),
  pairs([
    [t('office.verify.journal'), number(counts.journal_entries)],
    [t('office.verify.members'), number(counts.members)],
    [t('pairs.title'), number(counts.pairs)],
  ]),
  deviation
    ? pairs([
        [t('office.verify.fault'), `${deviation.table} ${deviation.row} ${deviation.column ?? ''}`],
        [t('office.verify.expected'), deviation.expected],
        [t('office.verify.found'), deviation.found],
      ])
    : null,
];

customElements.define('ev-ledger-verification', LedgerVerification);
