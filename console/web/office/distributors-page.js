// `<ev-distributors-page>`: applications to become a distributor, those that wait for a decision first.

import { h } from '../shell/view.js';
import { pageList } from '../shell/page-list.js';
import { get } from '../shell/api.js';
import { t } from '../i18n/i18n.js';
import { distributorColumns } from './columns.js';
import { filterValue, stateChoices } from './filter-form.js';
import { ListPageElement, pageHead } from './list-page.js';

class DistributorsPage extends ListPageElement {
  defaults = { status: 'pending' };

  view() {
    return h(
      'div',
      { class: 'page' },
      pageHead(t('office.distributors.title')),
      this.filters([
        {
          name: 'status',
          label: t('booking.status'),
          type: 'select',
          choices: stateChoices('kyc', ['pending', 'approved', 'rejected']),
        },
      ]),
      pageList({
        caption: t('office.distributors.title'),
        empty: t('office.kyc.empty'),
        columns: distributorColumns(),
        rowKey: (application) => application.id,
        link: (application) => `/office/distributors/${application.id}`,
        read: ({ signal, ...page }) =>
          get('/api/v1/distributor-applications', {
            query: { status: filterValue(this.filter['status']), ...page },
            signal,
          }),
      }),
    );
  }
}

customElements.define('ev-distributors-page', DistributorsPage);
