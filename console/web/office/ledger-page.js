// `<ev-ledger-page>`: accounts, entries, the trial balance, and the verification of the ledger and of the tree.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { get } from '../shell/api.js';
import { card } from '../shell/parts.js';
import { Resource, show } from '../shell/resource.js';
import { dateTime, money, today } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { accountName } from '../member/explanation.js';
import { dataTable } from './data-table.js';
import { filterForm } from './filter-form.js';
import { pageHead } from './list-page.js';
import './ledger-entries.js';
import './ledger-verification.js';
import './tabs.js';
import './trial-balance.js';

/** @typedef {import('../shell/api.js').Answer<'get', '/api/v1/ledger/accounts'>} Accounts */

class LedgerPage extends ViewElement {
  query = new URLSearchParams();
  #day = today();
  #accounts = new Resource(this, (signal) => get('/api/v1/ledger/accounts', { query: { ...this.#query }, signal }));

  start() {
    void this.#accounts.load();
  }

  /** Today is not over, so its figures are those of this moment. */
  get #query() {
    return { as_of: this.#day === today() ? undefined : this.#day };
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
          { name: 'entries', label: t('office.ledger.entries'), view: () => custom('ev-ledger-entries') },
          { name: 'balance', label: t('office.ledger.trial_balance'), view: () => custom('ev-trial-balance') },
          { name: 'verify', label: t('office.ledger.verify'), view: () => custom('ev-ledger-verification') },
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
        void this.#accounts.load();
      },
    );
  }
}

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

customElements.define('ev-ledger-page', LedgerPage);
