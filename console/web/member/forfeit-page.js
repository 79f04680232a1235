// `<ev-forfeit-page>`: why an entitlement or a request moved no money.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { get } from '../shell/api.js';
import { detailPage } from '../shell/detail-page.js';
import { backLink, card, pairs } from '../shell/parts.js';
import { Resource } from '../shell/resource.js';
import { dateTime, money } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { causeList, peopleList, referenceText, ruleList } from './explanation.js';

/** @typedef {import('../shell/api.js').Answer<'get', '/api/v1/wallet/forfeits/{id}/explain'>} Explanation */

class ForfeitPage extends ViewElement {
  /** @type {Record<string, string>} */
  params = {};
  #explanation = new Resource(this, (signal) =>
    get('/api/v1/wallet/forfeits/{id}/explain', { params: { id: this.params['id'] ?? '' }, signal }),
  );

  start() {
    void this.#explanation.load();
  }

  view() {
    return detailPage(
      { back: backLink('/wallet', t('wallet.back')), title: t('wallet.forfeit') },
      this.#explanation,
      content,
    );
  }
}

/** @param {Explanation} explanation */
const content = ({ forfeit, causes, people, rules }) => [
  h('h1', null, t(`wallet.kind.${forfeit.kind}`)),
  h(
    'section',
    { class: 'card' },
    h('p', { class: 'figure' }, money('0.00')),
    h('p', null, referenceText(forfeit.reference)),
    pairs([
      [t('wallet.forfeit_amount'), money(forfeit.amount)],
      [t('wallet.at'), dateTime(forfeit.created_at)],
    ]),
  ),
  card(t('wallet.forfeit_why'), ruleList(rules)),
  card(t('wallet.happened'), causeList(causes)),
  card(t('wallet.people'), peopleList(people)),
];

customElements.define('ev-forfeit-page', ForfeitPage);
