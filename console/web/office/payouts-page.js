// `<ev-office-payouts-page>`: payouts of all members, those that wait for approval first, and new batches for the bank.

import { h } from '../shell/view.js';
import { get, post } from '../shell/api.js';
import { navigate } from '../shell/router.js';
import { t } from '../i18n/i18n.js';
import { actionButton, runAction } from './actions.js';
import { payoutColumns } from './columns.js';
import { filterValue, stateChoices } from './filter-form.js';
import { ListPageElement, pageHead, pageList } from './list-page.js';

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
      pageHead(t('office.payouts.title'), actionButton(t('office.batch.create'), createBatch)),
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

async function createBatch() {
  const batch = await runAction({
    title: t('office.batch.create'),
    label: t('office.batch.create'),
    effects: () => [t('office.batch.create_effect'), t('office.batch.file_effect')],
    act: (_, key) => post('/api/v1/payout-batches', undefined, { key }),
  });
  if (batch) navigate(`/office/payout-batches/${batch.id}`);
}

customElements.define('ev-office-payouts-page', PayoutsPage);
