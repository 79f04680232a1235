// `<ev-audit-page>`: the audit log of what staff did.

import { h } from '../shell/view.js';
import { pageList } from '../shell/page-list.js';
import { get } from '../shell/api.js';
import { saveButton, saveFile } from '../shell/parts.js';
import { Resource } from '../shell/resource.js';
import { t } from '../i18n/i18n.js';
import { actionName, auditColumns } from './audit-columns.js';
import { ListPageElement, pageHead } from './list-page.js';

const FORMATS = /** @type {const} */ (['csv', 'jsonl']);

class AuditPage extends ListPageElement {
  #actions = new Resource(this, (signal) => get('/api/v1/audit/actions', { signal }));

  start() {
    super.start();
    void this.#actions.load();
  }

  view() {
    return h(
      'div',
      { class: 'page' },
      pageHead(t('office.audit.title')),
      this.filters([
        { name: 'action', label: t('office.audit.action'), type: 'select', choices: this.#choices() },
        { name: 'from', label: t('filter.from'), type: 'date' },
        { name: 'to', label: t('filter.to'), type: 'date' },
        this.personFilter('actor', t('office.audit.actor')),
        { name: 'subject', label: t('office.audit.subject_id'), type: 'text', input: { maxlength: 64 } },
      ]),
      h(
        'div',
        { class: 'row' },
        FORMATS.map((format) => saveButton(t(`office.audit.export.${format}`), () => this.#export(format))),
      ),
      pageList({
        caption: t('office.audit.title'),
        empty: t('office.audit.empty'),
        columns: auditColumns(),
        rowKey: (entry) => entry.id,
        read: ({ signal, ...page }) => get('/api/v1/audit', { query: { ...this.filter, ...page }, signal }),
      }),
    );
  }

  /** @param {(typeof FORMATS)[number]} format */
  #export(format) {
    return saveFile('/api/v1/audit-log', { query: { ...this.filter, format } });
  }

  /** The actions that the log has, and the one that the address names. */
  #choices() {
    const actions = (this.#actions.value?.items ?? []).map(({ action }) => action);
    const { action: chosen } = this.filter;
    const known = chosen && !actions.includes(chosen) ? [chosen, ...actions] : actions;
    const choices = known.map((value) => ({ value, label: actionName(value) }));
    return [{ value: '', label: t('filter.all') }, ...choices.sort((a, b) => a.label.localeCompare(b.label))];
  }
}

customElements.define('ev-audit-page', AuditPage);
