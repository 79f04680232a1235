// `<ev-ledger-entry-page>`: one entry of the journal with its postings, and how each line of it was calculated.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { get } from '../shell/api.js';
import { detailPage } from '../shell/detail-page.js';
import { backLink, card, pairs } from '../shell/parts.js';
import { Resource } from '../shell/resource.js';
import { dateTime, money, signedMoney } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { causeList, peopleList, postingTable, referenceText, ruleList, stepList } from '../member/explanation.js';
import { personName, shortId } from './person-name.js';

/** @typedef {import('../shell/api.js').Answer<'get', '/api/v1/ledger/entries/{id}'>} Entry */

class LedgerEntryPage extends ViewElement {
  /** @type {Record<string, string>} */
  params = {};
  #entry = new Resource(this, (signal) =>
    get('/api/v1/ledger/entries/{id}', { params: { id: this.params['id'] ?? '' }, signal }),
  );

  start() {
    void this.#entry.load();
  }

  view() {
    return detailPage(
      { back: backLink('/office/ledger?tab=entries', t('office.ledger.all_entries')), title: t('office.ledger.entry') },
      this.#entry,
      content,
    );
  }
}

/** @param {Entry} entry */
const content = (entry) => [
  h('h1', null, t(`wallet.kind.${entry.kind}`)),
  h(
    'section',
    { class: 'card' },
    h('p', { class: 'figure' }, money(entry.amount)),
    h('p', { class: 'hint' }, referenceText(entry.reference)),
    pairs([
      [t('wallet.at'), dateTime(entry.at)],
      [t('office.ledger.posted_at'), dateTime(entry.posted_at)],
      [t('office.ledger.made_by'), entry.actor_id ? personName(entry.actor_id) : null],
      [
        t('office.ledger.reverses'),
        entry.reverses ? h('a', { href: `/office/ledger/entries/${entry.reverses}` }, t('office.ledger.see')) : null,
      ],
      [t('office.plan.title'), entry.plan_version ? t('wallet.plan_version', { version: entry.plan_version }) : null],
    ]),
  ),
  card(t('wallet.postings'), postingTable(entry.postings)),
  card(t('wallet.happened'), causeList(entry.causes)),
  card(
    t('wallet.people'),
    peopleList(entry.people, (person) =>
      h('a', { href: `/office/people/${person.user_id}` }, person.name ?? shortId(person.user_id)),
    ),
  ),
  entry.lines.map((line) =>
    h(
      'section',
      { class: 'card', key: line.transaction_id },
      h('h2', null, `${t(`wallet.type.${line.type}`)}: ${signedMoney(line.amount)}`),
      line.rules.length > 0 ? ruleList(line.rules) : null,
      stepList(line.steps),
    ),
  ),
];

customElements.define('ev-ledger-entry-page', LedgerEntryPage);
