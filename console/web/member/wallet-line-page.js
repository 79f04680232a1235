// `<ev-wallet-line-page>`: why a line of the wallet has its amount: what happened, whom it concerns, and the steps.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { get } from '../shell/api.js';
import { detailPage } from '../shell/detail-page.js';
import { backLink, card, pairs } from '../shell/parts.js';
import { Resource } from '../shell/resource.js';
import { dateTime, money, signedMoney } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { causeList, lineText, peopleList, postingTable, ruleList, stepList } from './explanation.js';

/** @typedef {import('./explanation.js').Explanation} Explanation */

class WalletLinePage extends ViewElement {
  /** @type {Record<string, string>} */
  params = {};
  #explanation = new Resource(this, (signal) =>
    get('/api/v1/wallet/transactions/{id}/explain', { params: { id: this.params['id'] ?? '' }, signal }),
  );

  start() {
    void this.#explanation.load();
  }

  view() {
    return detailPage(
      { back: backLink('/wallet', t('wallet.back')), title: t('wallet.line') },
      this.#explanation,
      content,
    );
  }
}

/** @param {Explanation} explanation */
const content = ({ transaction, entry, causes, people, rules, steps, postings }) => [
  h('h1', null, t(`wallet.type.${transaction.type}`)),
  h(
    'section',
    { class: 'card' },
    h('p', { class: 'figure' }, signedMoney(transaction.amount)),
    h('p', null, lineText(transaction)),
    pairs([
      [t('wallet.at'), dateTime(transaction.created_at)],
      [t('wallet.balance_before'), money(transaction.balance_before)],
      [t('wallet.balance_after'), money(transaction.balance_after)],
    ]),
  ),
  card(t('wallet.happened'), causeList(causes)),
  card(t('wallet.people'), peopleList(people)),
  card(
    t('wallet.why'),
    entry.plan_version ? h('p', { class: 'hint' }, t('wallet.plan_version', { version: entry.plan_version })) : null,
    rules.length > 0 ? [h('h3', null, t('wallet.conditions')), ruleList(rules)] : null,
    h('h3', null, t('wallet.steps')),
    stepList(steps),
  ),
  card(t('wallet.postings'), postingTable(postings)),
];

customElements.define('ev-wallet-line-page', WalletLinePage);
