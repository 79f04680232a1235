// `<ev-ledger-verification>`: verification of the ledger and of the tree, each with its result.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { get } from '../shell/api.js';
import { card, pairs } from '../shell/parts.js';
import { Resource, show } from '../shell/resource.js';
import { number } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { actionBar, actionButton } from './actions.js';

/** @typedef {import('../shell/api.js').Answer<'get', '/api/v1/ledger/verify'>} LedgerResult */
/** @typedef {import('../shell/api.js').Answer<'get', '/api/v1/binary/verify'>} TreeResult */

class LedgerVerification extends ViewElement {
  #ledger = new Resource(this, (signal) => get('/api/v1/ledger/verify', { signal }));
  #tree = new Resource(this, (signal) => get('/api/v1/binary/verify', { signal }));

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
 * @template T
 * @param {'ledger' | 'tree'} name
 * @param {Resource<T>} resource
 * @param {(value: T) => import('../shell/view.js').Child} result
 */
const part = (name, resource, result) =>
  card(
    t(`office.verify.${name}`),
    h('p', { class: 'hint' }, t(`office.verify.${name}_hint`)),
    h(
      'div',
      { role: 'status' },
      resource.isLoading ? h('p', null, t('office.verify.running')) : null,
      resource.isLoading ? null : show(resource, result, () => h('p', null, t('office.verify.not_yet'))),
    ),
    actionBar(actionButton(t(`office.verify.${name}`), () => void resource.load(), 'primary')),
  );

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
