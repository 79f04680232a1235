// `<ev-office-document-page>`: one document and the person it belongs to.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { get } from '../shell/api.js';
import { detailPage } from '../shell/detail-page.js';
import { backLink, card } from '../shell/parts.js';
import { Resource } from '../shell/resource.js';
import { t } from '../i18n/i18n.js';
import { kindName } from './columns.js';
import { personName } from './person-name.js';
import './document-view.js';

/**
 * @param {string} id
 * @param {AbortSignal} signal
 */
const readDocument = (id, signal) => get('/api/v1/compliance/documents/{id}', { params: { id }, signal });

class DocumentPage extends ViewElement {
  /** @type {Record<string, string>} */
  params = {};
  #document = new Resource(this, (signal) => readDocument(this.params['id'] ?? '', signal));

  start() {
    void this.#document.load();
  }

  view() {
    return detailPage(
      { back: backLink('/office/documents', t('office.documents.back')), title: t('office.document') },
      this.#document,
      (document) => [
        h('h1', null, kindName(document.kind)),
        h('p', null, t('office.person'), ': ', personName(document.user_id)),
        card(
          t('office.document'),
          custom('ev-document-view', { '.document': document, '.changed': () => this.#document.load() }),
        ),
      ],
    );
  }
}

customElements.define('ev-office-document-page', DocumentPage);
