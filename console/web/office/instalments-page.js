// `<ev-office-instalments-page>`: instalments of all members by due date, the overdue ones first.

import { h } from '../shell/view.js';
import { pageList } from '../shell/page-list.js';
import { get } from '../shell/api.js';
import { statusTag } from '../shell/parts.js';
import { date, number } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { moneyColumn, twoLines } from './columns.js';
import { ListPageElement, pageHead } from './list-page.js';
import { personName } from './person-name.js';

/** @typedef {import('./columns.js').Row<'/api/v1/bookings/instalments'>} Instalment */

const STATES = ['overdue', 'pending', 'paid'];

class InstalmentsPage extends ListPageElement {
  defaults = { status: 'overdue' };

  view() {
    return h(
      'div',
      { class: 'page' },
      pageHead(t('office.instalments.title')),
      this.filters([
        {
          name: 'status',
          label: t('booking.status'),
          type: 'select',
          choices: STATES.map((value) => ({ value, label: t(`instalment.status.${value}`) })),
        },
      ]),
      pageList({
        caption: t('office.instalments.title'),
        empty: t('office.instalments.empty'),
        columns: columns(),
        rowKey: (instalment) => `${instalment.booking_id}-${instalment.n}`,
        link: (instalment) => `/office/bookings/${instalment.booking_id}`,
        read: ({ signal, ...page }) =>
          get('/api/v1/bookings/instalments', {
            query: { status: this.filter['status'], order: 'asc', ...page },
            signal,
          }),
      }),
    );
  }
}

/** @returns {import('./columns.js').Column<Instalment>[]} */
const columns = () => [
  { label: t('emi.due_on'), cell: ({ due_on: dueOn, n }) => twoLines(date(dueOn), `${t('emi.number')} ${number(n)}`) },
  { label: t('office.person'), cell: (row) => personName(row.user_id) },
  moneyColumn(t('office.instalments.unpaid'), (row) => row.unpaid),
  { ...moneyColumn(t('emi.amount'), (row) => row.amount), isWide: true },
  { label: t('booking.status'), cell: ({ status }) => statusTag('instalment', status), isWide: true },
];

customElements.define('ev-office-instalments-page', InstalmentsPage);
