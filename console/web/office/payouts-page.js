// `<ev-office-payouts-page>`: payouts of all members, those that wait for approval first.

import { h } from '../shell/view.js';
import { pageList } from '../shell/page-list.js';
import { get } from '../shell/api.js';
import { t } from '../i18n/i18n.js';
import { payoutColumns } from './columns.js';
import { filterValue, stateChoices } from './filter-form.js';
import { ListPageElement, pageHead } from './list-page.js';

const STATES = [
  'pending',
  'approved',
  'processing',
  'requested',
  'completed',
  'rejected',
  'cancelled',
  'failed',
  'reversed',
];

class PayoutsPage extends ListPageElement {
  defaults = { status: 'pending' };

  view() {
    return h(
      'div',
      { class: 'page' },
      pageHead(
        t('office.payouts.title'),
        h('a', { class: 'button', href: '/office/payout-batches' }, t('office.batches.title')),
      ),
      this.filters([
        { name: 'status', label: t('payout.status'), type: 'select', choices: stateChoices('payout', STATES) },
      ]),
      pageList({
        caption: t('office.payouts.title'),
        empty: t('payouts.empty'),
        columns: payoutColumns(),
        rowKey: (payout) => payout.id,
        link: (payout) => `/office/payouts/${payout.id}`,
        read: ({ signal, ...page }) =>
          get('/api/v1/payouts', { query: { status: filterValue(this.filter['status']), ...page }, signal }),
      }),
    );
  }
}

customElements.define('ev-office-payouts-page', PayoutsPage);
