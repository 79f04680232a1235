// `<ev-office-grievances-page>`: grievances of all members, those without an acknowledgement first, and the register.

import { h } from '../shell/view.js';
import { pageList } from '../shell/page-list.js';
import { get } from '../shell/api.js';
import { saveButton, saveFile } from '../shell/parts.js';
import { dateTime } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { STATES, grievanceTags } from '../member/grievance-parts.js';
import { twoLines } from './columns.js';
import { filterValue, stateChoices } from './filter-form.js';
import { ListPageElement, pageHead } from './list-page.js';
import { personName } from './person-name.js';

class OfficeGrievancesPage extends ListPageElement {
  defaults = { status: 'filed' };

  view() {
    return h(
      'div',
      { class: 'page' },
      pageHead(
        t('grievances.title'),
        saveButton(t('office.grievance.register'), () => saveFile('/api/v1/grievances/register', {})),
      ),
      this.filters([
        { name: 'status', label: t('booking.status'), type: 'select', choices: stateChoices('grievance', STATES) },
        this.personFilter('user_id', t('office.person')),
        this.personFilter('assigned_to', t('office.grievance.assigned_to')),
      ]),
      pageList({
        caption: t('grievances.title'),
        empty: t('office.grievance.empty'),
        columns: [
          {
            label: t('grievance.number'),
            cell: (row) => twoLines(row.number, t(`grievance.category.${row.category}`)),
          },
          { label: t('office.person'), cell: (row) => personName(row.user_id) },
          { label: t('booking.status'), cell: grievanceTags },
          { label: t('grievance.close_by'), cell: (row) => dateTime(row.close_by), isWide: true },
        ],
        rowKey: (row) => row.id,
        link: (row) => `/office/grievances/${row.id}`,
        read: ({ signal, ...page }) =>
          get('/api/v1/grievances', {
            query: { ...this.filter, status: filterValue(this.filter['status']), ...page },
            signal,
          }),
      }),
    );
  }
}

customElements.define('ev-office-grievances-page', OfficeGrievancesPage);
