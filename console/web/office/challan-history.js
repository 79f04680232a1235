// History of a challan: every correction and cancellation, with what was recorded before.

import { h } from '../shell/view.js';
import { get } from '../shell/api.js';
import { openDialog } from '../shell/dialog.js';
import { date, dateTime, money } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { dataTable } from './data-table.js';

/**
 * Shows the changes of a challan in a dialog.
 * @param {string} id
 */
export async function showChallanHistory(id) {
  const { items } = await get('/api/v1/compliance/challans/{id}/changes', { params: { id } });
  const columns = ['changed', 'kind', 'reason', 'branch', 'date', 'serial', 'quarter', 'amount'];
  await openDialog(t('office.challan.history'), () => [
    h('p', { class: 'hint' }, t('office.challan.history_about')),
    dataTable(
      t('office.challan.history'),
      columns.map((name) => t(`office.challan.${name}`)),
      items.map((change) => [
        dateTime(change.changed_at),
        t(`office.challan.kind.${change.kind}`),
        change.reason,
        change.bsr,
        date(change.date),
        change.serial,
        `${t(`office.tax.quarter.${change.quarter}`)} ${change.fy}`,
        money(change.amount),
      ]),
    ),
  ]);
}
