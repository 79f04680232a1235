// `<ev-bank-accounts-page>`: the member's bank accounts, to which payouts go.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { get, post, readAll, remove } from '../shell/api.js';
import { confirmAction } from '../shell/dialog.js';
import { backLink, card, effectList, tag } from '../shell/parts.js';
import { Resource, show } from '../shell/resource.js';
import { toast } from '../shell/toast.js';
import { date } from '../i18n/format.js';
import { ownId } from '../shell/session.js';
import { t } from '../i18n/i18n.js';
import { bankFields, bankOf } from './field-sets.js';
import '../shell/form.js';

/** @typedef {Awaited<ReturnType<typeof readAccounts>>[number]} Account */
/** @typedef {import('../shell/form.js').Values} Values */

/** @param {AbortSignal} signal */
export const readAccounts = (signal) =>
  readAll((cursor) =>
    get('/api/v1/payouts/bank-accounts', { query: { user_id: ownId(), cursor, limit: 100 }, signal }),
  );

class BankAccountsPage extends ViewElement {
  #accounts = new Resource(this, readAccounts);
  /** Each added account has a new, empty form. */
  #added = 0;

  start() {
    void this.#accounts.load();
  }

  view() {
    return h(
      'div',
      { class: 'page' },
      backLink('/payouts', t('payouts.back')),
      h('h1', null, t('accounts.title')),
      show(this.#accounts, (accounts) => this.#list(accounts)),
      card(
        t('account.add'),
        h('p', { class: 'hint' }, t('account.add_hint')),
        custom('ev-form', {
          class: 'form-columns',
          key: `add ${this.#added}`,
          '.fields': bankFields(),
          '.submitLabel': t('account.add'),
          '.send': (/** @type {Values} */ values, /** @type {import('../shell/form.js').Sent} */ { key }) =>
            post('/api/v1/payouts/bank-accounts', bankOf(values), { key }),
          '.done': () => this.#finishAdding(),
        }),
      ),
    );
  }

  #finishAdding() {
    this.#added += 1;
    toast(t('account.added'));
    void this.#accounts.load();
  }

  /** @param {Account[]} accounts */
  #list(accounts) {
    if (accounts.length === 0) return h('p', { class: 'empty' }, t('accounts.empty'));
    return h(
      'ul',
      { class: 'cards' },
      accounts.map((account) => this.#entry(account)),
    );
  }

  /** @param {Account} account */
  #entry(account) {
    const { id, bank_name: bank, account_number: number, verified } = account;
    const state = verified ? `by_${account.verified_by ?? 'staff'}` : 'none';
    const name = { name: `${bank} ${number}` };
    return h(
      'li',
      { class: 'card', key: id },
      h('h2', null, bank),
      h('p', { class: 'number' }, number),
      h('p', { class: 'hint' }, `${account.holder_name} · ${account.ifsc}`),
      h('p', null, tag(t(`account.verified.${state}`), verified ? 'good' : 'warn')),
      h('p', { class: 'hint' }, t('account.added_on', { day: date(account.created_at) })),
      verified ? null : h('p', { class: 'hint' }, t('account.verify_hint')),
      h(
        'footer',
        { class: 'actions' },
        verified
          ? null
          : h(
              'button',
              { type: 'button', 'aria-label': t('account.verify_name', name), onclick: () => this.#verify(account) },
              t('account.verify'),
            ),
        account.source === 'member'
          ? h(
              'button',
              {
                type: 'button',
                class: 'danger',
                'aria-label': t('account.remove_name', name),
                onclick: () => this.#remove(account),
              },
              t('account.remove'),
            )
          : null,
      ),
    );
  }

  /** @param {Account} account */
  async #verify({ id, bank_name: bank, account_number: number }) {
    const verified = await confirmAction({
      title: t('account.verify'),
      effects: effectList([t('account.verify_effect', { name: `${bank} ${number}` })]),
      label: t('account.verify'),
      act: (key) => post('/api/v1/payouts/bank-accounts/{id}/verify', undefined, { params: { id }, key }),
    });
    if (!verified) return;
    toast(t('account.is_verified'));
    void this.#accounts.load();
  }

  /** @param {Account} account */
  async #remove({ id, bank_name: bank, account_number: number }) {
    const isRemoved = await confirmAction({
      title: t('account.remove'),
      effects: effectList([t('account.remove_effect', { name: `${bank} ${number}` }), t('account.remove_payouts')]),
      label: t('account.remove'),
      isDestructive: true,
      act: (key) => remove('/api/v1/payouts/bank-accounts/{id}', { params: { id }, key }).then(() => true),
    });
    if (!isRemoved) return;
    toast(t('account.removed'));
    void this.#accounts.load();
  }
}

customElements.define('ev-bank-accounts-page', BankAccountsPage);
