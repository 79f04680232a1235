// `<ev-erasures-page>`: requests to erase personal data, those that wait for a decision first.

import { h } from '../shell/view.js';
import { pageList } from '../shell/page-list.js';
import { get } from '../shell/api.js';
import { t } from '../i18n/i18n.js';
import { erasureColumns } from './columns.js';
import { filterValue, stateChoices } from './filter-form.js';
import { ListPageElement, pageHead } from './list-page.js';

class ErasuresPage extends ListPageElement {
  defaults = { status: 'pending' };

  view() {
    return h(
      'div',
      { class: 'page' },
      pageHead(t('office.erasures.title')),
      this.filters([
        {
          name: 'status',
          label: t('booking.status'),
          type: 'select',
          choices: stateChoices('erasure', ['pending', 'done', 'rejected', 'withdrawn']),
        },
      ]),
      pageList({
        caption: t('office.erasures.title'),
        empty: t('office.erasures.empty'),
        columns: erasureColumns(),
        rowKey: (request) => request.id,
        link: (request) => `/office/erasures/${request.id}`,
        read: ({ signal, ...page }) =>
          get('/api/v1/erasure-requests', {
            query: { status: filterValue(this.filter['status']), ...page },
            signal,
          }),
      }),
    );
  }
}

customElements.define('ev-erasures-page', ErasuresPage);
