// `<ev-office-documents-page>`: documents of all members, those that wait for a check first.

import { h } from '../shell/view.js';
import { pageList } from '../shell/page-list.js';
import { get } from '../shell/api.js';
import { t } from '../i18n/i18n.js';
import { documentColumns } from './columns.js';
import { filterValue, stateChoices } from './filter-form.js';
import { ListPageElement, pageHead } from './list-page.js';

class DocumentsPage extends ListPageElement {
  defaults = { status: 'pending' };

  view() {
    return h(
      'div',
      { class: 'page' },
      pageHead(t('office.documents.title')),
      this.filters([
        {
          name: 'status',
          label: t('booking.status'),
          type: 'select',
          choices: stateChoices('document', ['pending', 'verified', 'rejected']),
        },
      ]),
      pageList({
        caption: t('office.documents.title'),
        empty: t('office.documents.empty'),
        columns: documentColumns(),
        rowKey: (document) => document.id,
        link: (document) => `/office/documents/${document.id}`,
        read: ({ signal, ...page }) =>
          get('/api/v1/compliance/documents', {
            query: { status: filterValue(this.filter['status']), ...page },
            signal,
          }),
      }),
    );
  }
}

customElements.define('ev-office-documents-page', DocumentsPage);
