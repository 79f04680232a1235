// `<ev-person-wallet>`: a person's balances and wallet lines, and the postings that an administrator makes by hand.

import { ViewElement } from '../shell/view-element.js';
import { custom } from '../shell/view.js';
import { get, post } from '../shell/api.js';
import { amountInput, amountText } from '../shell/form.js';
import { card } from '../shell/parts.js';
import { Resource, show } from '../shell/resource.js';
import { currentUser, isAdmin } from '../shell/session.js';
import { money } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { actionBar, actionButton, reasonField, runAction } from './actions.js';
import { transactionColumns } from './columns.js';
import { pageList, reloadList } from '../shell/page-list.js';
import { walletFigures } from '../member/wallet-figures.js';
import '../member/forfeit-list.js';

/** @typedef {import('./person-page.js').Person} Person */
/** @typedef {'deposit' | 'add' | 'deduct' | 'release'} Posting */

/** @type {Record<Posting, '/api/v1/wallets/{user_id}/deposits' | '/api/v1/wallets/{user_id}/adjustments' | '/api/v1/wallets/{user_id}/reserve-release'>} */
const PATHS = {
  deposit: '/api/v1/wallets/{user_id}/deposits',
  add: '/api/v1/wallets/{user_id}/adjustments',
  deduct: '/api/v1/wallets/{user_id}/adjustments',
  release: '/api/v1/wallets/{user_id}/reserve-release',
};

class PersonWallet extends ViewElement {
  /** @type {Person | undefined} */
  person;
  changed = () => undefined;
  #wallet = new Resource(this, (signal) =>
    get('/api/v1/wallets/{user_id}', { params: { user_id: this.person?.id ?? '' }, signal }),
  );

  start() {
    void this.#wallet.load();
  }

  view() {
    const { person } = this;
    if (!person) return null;
    const isOwn = person.id === currentUser()?.userId;
    return [
      card(
        t('office.person.balances'),
        show(this.#wallet, walletFigures),
        isAdmin() && !isOwn ? this.#actions(person) : null,
      ),
      pageList({
        caption: t('wallet.lines'),
        empty: t('office.wallet.empty'),
        columns: transactionColumns(),
        rowKey: (line) => line.id,
        link: (line) => `/wallet/${line.id}`,
        read: ({ signal, ...page }) =>
          get('/api/v1/wallet/transactions', { query: { user_id: person.id, ...page }, signal }),
      }),
      custom('ev-forfeit-list', { '.userId': person.id }),
    ];
  }

  /** @param {Person} person */
  #actions(person) {
    /** @type {Posting[]} */
    const postings = ['deposit', 'add', 'deduct', 'release'];
    return actionBar(
      postings.map((posting) =>
        actionButton(
          t(`office.wallet.${posting}`),
          () => this.#post(person, posting),
          posting === 'deduct' ? 'danger' : undefined,
        ),
      ),
    );
  }

  /**
   * @param {Person} person
   * @param {Posting} posting
   */
  async #post({ id, name }, posting) {
    const line = await runAction({
      title: t(`office.wallet.${posting}`),
      label: t(`office.wallet.${posting}`),
      isDestructive: posting === 'deduct',
      fields: [
        { name: 'amount', label: t('pay.amount'), input: amountInput() },
        reasonField(t('office.reason.wallet_hint')),
      ],
      effects: ({ amount = '', reason = '' }) => [
        t(`office.wallet.${posting}_effect`, { name, amount: money(amountText(amount)) }),
        t('office.wallet.final_effect'),
        t('office.reason.given', { reason }),
      ],
      act: ({ amount = '', reason = '' }, key) => {
        const sign = posting === 'deduct' ? '-' : '';
        const body = { amount: `${sign}${amountText(amount)}`, reason };
        return post(PATHS[posting], body, { params: { user_id: id }, key });
      },
    });
    if (!line) return;
    void this.#wallet.load();
    reloadList(this);
  }
}

customElements.define('ev-person-wallet', PersonWallet);
