// `<ev-office-terms-page>`: the versions of each kind of terms, and the publication of a new one.

import { h } from '../shell/view.js';
import { pageList } from '../shell/page-list.js';
import { get, post } from '../shell/api.js';
import { number } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { actionButton, runAction } from './actions.js';
import { timeColumn, twoLines } from './columns.js';
import { ListPageElement, pageHead } from './list-page.js';

/** @typedef {import('./columns.js').Row<'/api/v1/terms/{kind}/versions'>} Version */
/** @typedef {'service' | 'privacy' | 'distributor'} Kind */

/** @type {readonly Kind[]} */
const KINDS = ['distributor', 'service', 'privacy'];
/** The most characters of a title and of a text. */
const [MAX_TITLE, MAX_TEXT] = [120, 12_000];

class TermsPage extends ListPageElement {
  defaults = { kind: 'distributor' };

  get #kind() {
    return /** @type {Kind} */ (this.filter['kind'] ?? 'distributor');
  }

  view() {
    return h(
      'div',
      { class: 'page' },
      pageHead(
        t('office.terms.title'),
        actionButton(t('office.terms.publish'), () => this.#publish(this.#kind), 'primary'),
      ),
      this.filters([
        {
          name: 'kind',
          label: t('office.terms.kind'),
          type: 'select',
          choices: KINDS.map((kind) => ({ value: kind, label: t(`terms.kind.${kind}`) })),
        },
      ]),
      pageList({
        caption: t('terms.versions'),
        empty: t('office.terms.empty'),
        columns: columns(),
        rowKey: (row) => String(row.version),
        link: (row) => `/terms/${this.#kind}?version=${row.version}`,
        read: ({ signal, ...page }) =>
          get('/api/v1/terms/{kind}/versions', { params: { kind: this.#kind }, query: page, signal }),
      }),
    );
  }

  /** @param {Kind} kind */
  async #publish(kind) {
    const text = { type: 'textarea', input: { maxlength: MAX_TEXT, rows: 10 } };
    const title = { input: { maxlength: MAX_TITLE, autocomplete: 'off' } };
    const answer = await runAction({
      title: t('office.terms.publish_kind', { kind: t(`terms.kind.${kind}`) }),
      label: t('office.terms.publish'),
      fields: [
        { name: 'title', label: t('office.terms.title_en'), ...title },
        { name: 'text', label: t('office.terms.text_en'), hint: t('office.terms.text_hint'), ...text },
        { name: 'hindi.title', label: t('office.terms.title_hi'), isOptional: true, ...title },
        { name: 'hindi.text', label: t('office.terms.text_hi'), isOptional: true, ...text },
      ],
      effects: ({ title: name = '' }) => [
        t('office.terms.publish_effect', { name }),
        ...(kind === 'distributor' ? [t('office.terms.distributor_effect')] : []),
        t('office.terms.final_effect'),
      ],
      act: (values, key) => post('/api/v1/terms/{kind}', body(values), { params: { kind }, key }),
    });
    if (answer) this.reload();
  }
}

/** @param {import('../shell/form.js').Values} values */
function body({ title = '', text = '', 'hindi.title': hindiTitle = '', 'hindi.text': hindiText = '' }) {
  const hasHindi = hindiTitle !== '' || hindiText !== '';
  return { title, text, ...(hasHindi && { hindi: { title: hindiTitle, text: hindiText } }) };
}

/** @returns {import('./columns.js').Column<Version>[]} */
const columns = () => [
  {
    label: t('terms.number'),
    cell: (row) => twoLines(t('terms.version', { version: number(row.version) }), row.title),
  },
  timeColumn(t('terms.published_at'), (row) => row.published_at),
];

customElements.define('ev-office-terms-page', TermsPage);
