// `<ev-tds-list>`: tax deducted in a financial year, from all payouts with the statements of its quarters, or from those
// of one person with the certificate.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { get } from '../shell/api.js';
import { card, inLanguage, pairs, saveButton, saveFile } from '../shell/parts.js';
import { Resource, show } from '../shell/resource.js';
import { money } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { tdsColumns } from './columns.js';
import { filterForm } from './filter-form.js';
import { QUARTERS, financialYears } from './financial-years.js';
import { pageList, reloadList } from '../shell/page-list.js';

class TdsList extends ViewElement {
  /** Empty for all payouts. */
  userId = '';
  #year = financialYears()[0] ?? '';
  #totals = new Resource(this, (signal) =>
    get('/api/v1/compliance/tds', { query: { ...this.#query, limit: 1 }, signal }),
  );

  start() {
    void this.#totals.load();
  }

  get #query() {
    return { user_id: this.userId, fy: this.#year };
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
        this.userId ? this.#certificate() : this.#statements(),
      ),
      pageList({
        caption: t('tax.deductions', { year: this.#year }),
        empty: t('tax.empty'),
        columns: tdsColumns(this.userId !== ''),
        rowKey: (row) => `${row.payout_id} ${row.reversal}`,
        link: (row) => `/office/payouts/${row.payout_id}`,
        read: ({ signal, ...page }) => get('/api/v1/compliance/tds', { query: { ...this.#query, ...page }, signal }),
      }),
    ];
  }

  #certificate() {
    const { user_id: userId, fy } = this.#query;
    return h(
      'footer',
      { class: 'actions' },
      saveButton(t('tax.certificate', { year: fy }), () =>
        saveFile('/api/v1/compliance/tds/{fy}/certificate', {
          params: { fy },
          query: { user_id: userId, ...inLanguage() },
        }),
      ),
    );
  }

  #statements() {
    const fy = this.#year;
    return [
      h('h3', null, t('office.tax.statements')),
      h('p', { class: 'hint' }, t('office.tax.statement_hint')),
      h(
        'div',
        { class: 'row' },
        QUARTERS.map((quarter) => [
          saveButton(t(`office.tax.quarter.${quarter}`), () =>
            saveFile('/api/v1/compliance/tds/{fy}/{quarter}/statement', { params: { fy, quarter } }),
          ),
          saveButton(t('office.tax.file', { quarter }), () =>
            saveFile('/api/v1/compliance/tds/{fy}/{quarter}/statement', {
              params: { fy, quarter },
              query: { format: 'txt' },
            }),
          ),
          saveButton(t('office.tax.cover', { quarter }), () =>
            saveFile('/api/v1/compliance/tds/{fy}/{quarter}/cover', { params: { fy, quarter }, query: inLanguage() }),
          ),
        ]),
      ),
    ];
  }
}

customElements.define('ev-tds-list', TdsList);
