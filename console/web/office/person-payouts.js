// `<ev-person-payouts>`: a person's payouts and bank accounts, with the verification of an account.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { pageList } from '../shell/page-list.js';
import { get, post, readAll } from '../shell/api.js';
import { card, tag } from '../shell/parts.js';
import { Resource, show } from '../shell/resource.js';
import { currentUser } from '../shell/session.js';
import { date } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { actionButton, runAction } from './actions.js';
import { payoutColumns } from './columns.js';

/** @typedef {import('./person-page.js').Person} Person */
/** @typedef {Awaited<ReturnType<typeof readAccounts>>[number]} Account */

/**
 * @param {string} userId
 * @param {AbortSignal} signal
 */
const readAccounts = (userId, signal) =>
  readAll((cursor) => get('/api/v1/payouts/bank-accounts', { query: { user_id: userId, cursor, limit: 100 }, signal }));

class PersonPayouts extends ViewElement {
  /** @type {Person | undefined} */
  person;
  changed = () => undefined;
  #accounts = new Resource(this, (signal) => readAccounts(this.person?.id ?? '', signal));

  start() {
    void this.#accounts.load();
  }

  view() {
    const { person } = this;
    if (!person) return null;
    return [
      card(
        t('accounts.title'),
        show(this.#accounts, (accounts) =>
          accounts.length === 0
            ? h('p', { class: 'hint' }, t('office.accounts.empty'))
            : h(
                'ul',
                { class: 'feed' },
                accounts.map((account) => this.#account(account)),
              ),
        ),
      ),
      pageList({
        caption: t('payouts.title'),
        empty: t('payouts.empty'),
        columns: payoutColumns({ isOfOne: true }),
        rowKey: (payout) => payout.id,
        link: (payout) => `/office/payouts/${payout.id}`,
        read: ({ signal, ...page }) => get('/api/v1/payouts', { query: { user_id: person.id, ...page }, signal }),
      }),
    ];
  }

  /** @param {Account} account */
  #account(account) {
    const name = `${account.bank_name} ${account.account_number}`;
    const isOwn = account.user_id === currentUser()?.userId;
    return h(
      'li',
      { class: 'row', key: account.id },
      h(
        'div',
        { class: 'grow' },
        h('strong', null, name),
        h('p', { class: 'hint' }, `${account.ifsc} · ${account.holder_name}`),
        h('p', { class: 'hint' }, t('account.added_on', { day: date(account.created_at) })),
      ),
      tag(verification(account), account.verified ? 'good' : 'warn'),
      account.verified || isOwn
        ? null
        : actionButton(
            t('account.verify'),
            () => this.#verify(account, name),
            undefined,
            t('account.verify_name', { name }),
          ),
    );
  }

  /**
   * @param {Account} account
   * @param {string} name
   */
  async #verify({ id }, name) {
    const verified = await runAction({
      title: t('account.verify_name', { name }),
      label: t('account.verify'),
      effects: () => [t('account.verify_effect', { name }), t('office.account.verify_duty')],
      act: (_, key) => post('/api/v1/payouts/bank-accounts/{id}/verify', undefined, { params: { id }, key }),
    });
    if (verified) void this.#accounts.load();
  }
}

/** @param {Account} account */
const verification = ({ verified, verified_by: by }) => t(`account.verified.${verified && by ? `by_${by}` : 'none'}`);

customElements.define('ev-person-payouts', PersonPayouts);
