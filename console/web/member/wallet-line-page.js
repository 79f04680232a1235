// `<ev-wallet-line-page>`: why a line of the wallet has its amount, drawn as steps.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { get } from '../shell/api.js';
import { pairs } from '../shell/parts.js';
import { Resource, show } from '../shell/resource.js';
import { dateTime, money, signedMoney } from '../i18n/format.js';
import { find, t } from '../i18n/i18n.js';

/** @typedef {Awaited<ReturnType<typeof readExplanation>>} Explanation */

/**
 * @param {string} id
 * @param {AbortSignal} signal
 */
const readExplanation = (id, signal) => get('/api/v1/wallet/transactions/{id}/explain', { params: { id }, signal });

class WalletLinePage extends ViewElement {
  /** @type {Record<string, string>} */
  params = {};
  #explanation = new Resource(this, (signal) => readExplanation(this.params['id'] ?? '', signal));

  start() {
    void this.#explanation.load();
  }

  view() {
    return h(
      'div',
      { class: 'page' },
      h('p', null, h('a', { href: '/wallet' }, t('wallet.back'))),
      show(this.#explanation, content),
    );
  }
}

/** @param {Explanation} explanation */
function content({ transaction, entry, rules, steps, postings }) {
  return [
    h('h1', null, t(`wallet.type.${transaction.type}`)),
    h(
      'section',
      { class: 'card' },
      h('p', { class: 'figure' }, signedMoney(transaction.amount)),
      h('p', null, transaction.description),
      pairs([
        [t('wallet.at'), dateTime(transaction.created_at)],
        [t('wallet.balance_before'), money(transaction.balance_before)],
        [t('wallet.balance_after'), money(transaction.balance_after)],
      ]),
    ),
    h(
      'section',
      { class: 'card' },
      h('h2', null, t('wallet.why')),
      entry.plan_version ? h('p', { class: 'hint' }, t('wallet.plan_version', { version: entry.plan_version })) : null,
      rules.length > 0
        ? [
            h('h3', null, t('wallet.conditions')),
            h(
              'ul',
              { class: 'conditions' },
              rules.map((rule) => h('li', null, rule.text)),
            ),
          ]
        : null,
      h('h3', null, t('wallet.steps')),
      h('ol', { class: 'steps' }, steps.map(step)),
    ),
    h(
      'section',
      { class: 'card' },
      h('h2', null, t('wallet.postings')),
      h(
        'table',
        null,
        h(
          'thead',
          null,
          h(
            'tr',
            null,
            h('th', { scope: 'col' }, t('wallet.account')),
            h('th', { scope: 'col', class: 'end' }, t('wallet.amount')),
          ),
        ),
        h(
          'tbody',
          null,
          postings.map((posting) =>
            h('tr', null, h('td', null, posting.account), h('td', { class: 'end' }, signedMoney(posting.amount))),
          ),
        ),
      ),
    ),
  ];
}

/** @param {Explanation['steps'][number]} step */
function step({ name, operation, operands, value }) {
  const text = (/** @type {string} */ term) => find(`wallet.term.${term}`) ?? term.replaceAll('_', ' ');
  return h(
    'li',
    null,
    h('span', { class: 'step-name' }, text(name)),
    h(
      'span',
      { class: 'hint' },
      operands.map((operand, i) => [
        i > 0 ? ` ${t(`wallet.op.${operation}`)} ` : null,
        operation === 'percent' && i === 1 ? `${operand.value} %` : money(operand.value),
        ` (${text(operand.name)})`,
      ]),
    ),
    h('strong', null, money(value)),
  );
}

customElements.define('ev-wallet-line-page', WalletLinePage);
