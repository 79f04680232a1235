// `<ev-ledger-page>`: accounts, the trial balance at a day, and the verification of the ledger and of the tree.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { get } from '../shell/api.js';
import { card } from '../shell/parts.js';
import { Resource, show } from '../shell/resource.js';
import { dateTime, money, today } from '../i18n/format.js';
import { find, t } from '../i18n/i18n.js';
import { dataTable } from './data-table.js';
import { filterForm } from './filter-form.js';
import { pageHead } from './list-page.js';
import './ledger-verification.js';
import './tabs.js';

/** @typedef {import('../shell/api.js').Answer<'get', '/api/v1/ledger/accounts'>} Accounts */
/** @typedef {import('../shell/api.js').Answer<'get', '/api/v1/ledger/trial-balance'>} TrialBalance */

class LedgerPage extends ViewElement {
  query = new URLSearchParams();
  #day = today();
  #accounts = new Resource(this, (signal) => get('/api/v1/ledger/accounts', { query: { ...this.#query }, signal }));
  #balance = new Resource(this, (signal) => get('/api/v1/ledger/trial-balance', { query: { ...this.#query }, signal }));

  start() {
    this.#load();
  }

  /** Today is not over, so its figures are those of this moment. */
  get #query() {
    return { as_of: this.#day === today() ? undefined : this.#day };
  }

  #load() {
    void this.#accounts.load();
    void this.#balance.load();
  }

  view() {
    return h(
      'div',
      { class: 'page' },
      pageHead(t('office.ledger.title')),
      custom('ev-tabs', {
        '.label': t('office.ledger.title'),
        '.query': this.query,
        '.tabs': [
          {
            name: 'accounts',
            label: t('office.ledger.accounts'),
            view: () => [this.#dayForm(), show(this.#accounts, accounts)],
          },
          {
            name: 'balance',
            label: t('office.ledger.trial_balance'),
            view: () => [this.#dayForm(), show(this.#balance, trialBalance)],
          },
          {
            name: 'verify',
            label: t('office.ledger.verify'),
            view: () => custom('ev-ledger-verification'),
          },
        ],
      }),
    );
  }

  #dayForm() {
    return filterForm(
      [{ name: 'day', label: t('office.ledger.day'), type: 'date', input: { required: true } }],
      { day: this.#day },
      ({ day = '' }) => {
        this.#day = day;
        this.#load();
      },
    );
  }
}

/** @param {string} account */
const accountName = (account) => find(`office.account.${account.replace(':', '.')}`) ?? account;

/** @param {Accounts} accounts */
const accounts = ({ as_of: at, items }) =>
  card(
    t('office.ledger.accounts'),
    h('p', { class: 'hint' }, t('office.ledger.as_of', { time: dateTime(at) })),
    dataTable(
      t('office.ledger.accounts'),
      [t('wallet.account'), t('office.ledger.balance')],
      items.map(({ account, balance }) => [accountName(account), money(balance)]),
    ),
  );

/** @param {TrialBalance} balance */
function trialBalance(balance) {
  const isEven = balance.difference === '0.00';
  return card(
    t('office.ledger.trial_balance'),
    h('p', { class: 'hint' }, t('office.ledger.as_of', { time: dateTime(balance.as_of) })),
    dataTable(
      t('office.ledger.trial_balance'),
      [t('wallet.account'), t('office.ledger.debit'), t('office.ledger.credit')],
      balance.accounts.map(({ account, debit, credit }) => [accountName(account), money(debit), money(credit)]),
      [t('office.ledger.total'), money(balance.total_debit), money(balance.total_credit)],
    ),
    h(
      'p',
      { class: isEven ? 'notice' : 'notice bad' },
      isEven ? t('office.ledger.even') : t('office.ledger.uneven', { amount: money(balance.difference) }),
    ),
  );
}

customElements.define('ev-ledger-page', LedgerPage);
