// `<ev-person-tds>`: tax deducted from a person's payouts, with the certificates of the financial years.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { get } from '../shell/api.js';
import { card, pairs, saveFile } from '../shell/parts.js';
import { Resource, show } from '../shell/resource.js';
import { money, today } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { tdsColumns } from './columns.js';
import { filterForm } from './filter-form.js';
import { reloadList } from '../shell/page-list.js';
import { officeList } from './list-page.js';

/** @typedef {import('./person-page.js').Person} Person */

const YEARS = 6;

/** The financial years up to now, newest first, as the API writes them: April 2026 begins `2026-27`. */
function financialYears() {
  const [year = 0, month = 1] = today().split('-').map(Number);
  const newest = month >= 4 ? year : year - 1;
  return Array.from({ length: YEARS }, (_, back) => {
    const first = newest - back;
    return `${first}-${String((first + 1) % 100).padStart(2, '0')}`;
  });
}

class PersonTds extends ViewElement {
  /** @type {Person | undefined} */
  person;
  changed = () => undefined;
  #year = financialYears()[0] ?? '';
  #totals = new Resource(this, (signal) =>
    get('/api/v1/compliance/tds', { query: { ...this.#query, limit: 1 }, signal }),
  );

  start() {
    void this.#totals.load();
  }

  get #query() {
    return { user_id: this.person?.id, fy: this.#year };
  }

  /** @param {string} year */
  #choose(year) {
    this.#year = year;
    void this.#totals.load();
    reloadList(this);
  }

  view() {
    const years = financialYears().map((value) => ({ value, label: value }));
    return [
      filterForm(
        [{ name: 'fy', label: t('tax.year'), type: 'select', choices: years }],
        { fy: this.#year },
        ({ fy = '' }) => this.#choose(fy),
      ),
      card(
        this.#year,
        show(this.#totals, ({ total_gross: gross, total_tds: tds }) =>
          pairs([
            [t('tax.total_gross'), money(gross)],
            [t('tax.total_tds'), money(tds)],
          ]),
        ),
        h(
          'footer',
          { class: 'actions' },
          h(
            'button',
            { type: 'button', onclick: () => this.#save() },
            custom('ev-icon', { name: 'download' }),
            t('tax.certificate', { year: this.#year }),
          ),
        ),
      ),
      officeList({
        caption: t('tax.deductions', { year: this.#year }),
        empty: t('tax.empty'),
        columns: tdsColumns(),
        rowKey: (row) => `${row.payout_id} ${row.reversal}`,
        link: (row) => `/office/payouts/${row.payout_id}`,
        read: ({ signal, ...page }) => get('/api/v1/compliance/tds', { query: { ...this.#query, ...page }, signal }),
      }),
    ];
  }

  #save() {
    const { user_id: userId, fy } = this.#query;
    void saveFile('/api/v1/compliance/tds/{fy}/certificate', { params: { fy }, query: { user_id: userId } });
  }
}

customElements.define('ev-person-tds', PersonTds);
