// `<ev-grievance-page>`: one grievance of the member with its history, and its reopening.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { get, post } from '../shell/api.js';
import { detailPage } from '../shell/detail-page.js';
import { openDialog } from '../shell/dialog.js';
import { backLink } from '../shell/parts.js';
import { Resource } from '../shell/resource.js';
import { custom } from '../shell/view.js';
import { t } from '../i18n/i18n.js';
import { grievanceFacts, grievanceHistory, grievanceTags } from './grievance-parts.js';
import '../shell/form.js';

/**
 * @param {string} id
 * @param {AbortSignal} signal
 */
const readGrievance = (id, signal) => get('/api/v1/grievances/{id}', { params: { id }, signal });

class GrievancePage extends ViewElement {
  /** @type {Record<string, string>} */
  params = {};
  #grievance = new Resource(this, (signal) => readGrievance(this.params['id'] ?? '', signal));

  start() {
    void this.#grievance.load();
  }

  view() {
    return detailPage(
      { back: backLink('/grievances', t('grievances.title')), title: t('grievance.title') },
      this.#grievance,
      ({ grievance, steps }) => [
        h('div', { class: 'page-head' }, h('h1', null, grievance.number), h('p', null, grievanceTags(grievance))),
        grievanceFacts(grievance, []),
        grievanceHistory(steps, () => null),
        grievance.status === 'closed'
          ? h(
              'footer',
              { class: 'actions' },
              h('button', { type: 'button', onclick: () => this.#reopen(grievance.id) }, t('grievance.reopen')),
            )
          : null,
      ],
    );
  }

  /** @param {string} id */
  async #reopen(id) {
    await openDialog(t('grievance.reopen'), (close) => [
      h('p', { class: 'hint' }, t('grievance.reopen_hint')),
      custom('ev-form', {
        '.fields': [
          { name: 'reason', label: t('grievance.reopen_reason'), type: 'textarea', input: { maxlength: 500, rows: 4 } },
        ],
        '.submitLabel': t('grievance.reopen'),
        '.send': (/** @type {import('../shell/form.js').Values} */ { reason = '' }) =>
          post('/api/v1/grievances/{id}/reopen', { reason }, { params: { id } }),
        '.done': close,
      }),
    ]);
    void this.#grievance.load();
  }
}

customElements.define('ev-grievance-page', GrievancePage);
