// `<ev-transfers-page>`: transfers by the bank's API that need attention.

import { h } from '../shell/view.js';
import { pageList } from '../shell/page-list.js';
import { get } from '../shell/api.js';
import { backLink } from '../shell/parts.js';
import { dateTime } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { twoLines } from './columns.js';
import { ListPageElement, pageHead } from './list-page.js';
import { transferTag } from './payout-transfer.js';

/** @typedef {import('./columns.js').Row<'/api/v1/payout-transfers'>} Transfer */

const QUEUES = /** @type {const} */ (['refused', 'low_balance', 'sent', 'conflicting']);

class TransfersPage extends ListPageElement {
  defaults = { queue: 'refused' };

  view() {
    const queue = QUEUES.find((name) => name === this.filter['queue']) ?? 'refused';
    return h(
      'div',
      { class: 'page' },
      backLink('/office/payout-batches', t('office.batches.back')),
      pageHead(t('office.transfers.title')),
      this.filters([
        {
          name: 'queue',
          label: t('booking.status'),
          type: 'select',
          choices: QUEUES.map((value) => ({ value, label: t(`office.transfers.queue.${value}`) })),
        },
      ]),
      pageList({
        key: queue,
        caption: t('office.transfers.title'),
        empty: t('office.transfers.empty'),
        columns: columns(),
        rowKey: (transfer) => transfer.payout_id,
        link: (transfer) => `/office/payouts/${transfer.payout_id}`,
        read: ({ signal, ...page }) => get('/api/v1/payout-transfers', { query: { queue, ...page }, signal }),
      }),
    );
  }
}

/** @returns {import('./columns.js').Column<Transfer>[]} */
const columns = () => [
  {
    label: t('office.transfer'),
    cell: (row) => twoLines(row.bank_id ?? t('office.transfer.unknown_id'), dateTime(row.changed_at)),
  },
  { label: t('booking.status'), cell: transferTag },
  { label: t('office.reason'), cell: (row) => row.conflict ?? row.reason, isWide: true },
];

customElements.define('ev-transfers-page', TransfersPage);
