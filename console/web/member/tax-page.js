// `<ev-tax-page>`: tax deducted at source in a financial year, and its certificate.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { pageList } from '../shell/page-list.js';
import { get } from '../shell/api.js';
import { inLanguage, saveFile } from '../shell/parts.js';
import { Resource, show } from '../shell/resource.js';
import { rememberQuery } from '../shell/router.js';
import { ownId } from '../shell/session.js';
import { date, money } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';

/** @typedef {Awaited<ReturnType<typeof readDeductions>>} Deductions */
/** @typedef {Deductions['items'][number]} Deduction */
/** @typedef {import('../shell/api.js').Answer<'get', '/api/v1/compliance/tds/years'>['items'][number]} Year */
/** @typedef {{cursor: string | null, limit: number}} PageQuery */

/**
 * @param {PageQuery & {fy: string}} query
 * @param {AbortSignal} signal
 */
const readDeductions = (query, signal) =>
  get('/api/v1/compliance/tds', { query: { user_id: ownId(), ...query }, signal });

class TaxPage extends ViewElement {
  query = new URLSearchParams();
  /** The chosen year; empty before one is chosen. */
  #chosen = '';
  #years = new Resource(this, (signal) => get('/api/v1/compliance/tds/years', { signal }));

  start() {
    this.#chosen = this.query.get('fy') ?? '';
    void this.#years.load();
  }

  /** @param {string} year */
  #choose(year) {
    this.#chosen = year;
    rememberQuery({ fy: year });
    this.update();
  }

  view() {
    return h(
      'div',
      { class: 'page' },
      h('h1', null, t('tax.title')),
      show(this.#years, ({ items }) => this.#content(items)),
    );
  }

  /** @param {Year[]} years newest first */
  #content(years) {
    const year = years.find(({ fy }) => fy === this.#chosen) ?? years[0];
    if (!year) return h('p', { class: 'hint' }, t('tax.no_years'));
    const { fy } = year;
    return [
      h(
        'div',
        { class: 'filters' },
        h(
          'label',
          { class: 'field' },
          t('tax.year'),
          h(
            'select',
            { onchange: (/** @type {{target: HTMLSelectElement}} */ event) => this.#choose(event.target.value) },
            years.map(({ fy: value }) => h('option', { value, selected: value === fy }, value)),
          ),
        ),
      ),
      totals(year),
      pageList({
        key: `list ${fy}`,
        caption: t('tax.deductions', { year: fy }),
        empty: t('tax.empty'),
        columns: columns(),
        rowKey: (row) => `${row.payout_id} ${row.reversal}`,
        link: (row) => `/payouts/${row.payout_id}`,
        read: ({ signal, ...page }) => readDeductions({ fy, ...page }, signal),
      }),
    ];
  }
}

/** @param {Year} year */
const totals = ({ fy, total_gross: gross, total_tds: tds }) =>
  h(
    'section',
    { class: 'card' },
    h(
      'dl',
      { class: 'figures' },
      h('div', null, h('dt', null, t('tax.total_gross')), h('dd', null, money(gross))),
      h('div', null, h('dt', null, t('tax.total_tds')), h('dd', null, money(tds))),
    ),
    h(
      'footer',
      { class: 'actions' },
      h(
        'button',
        {
          type: 'button',
          onclick: () => saveFile('/api/v1/compliance/tds/{fy}/certificate', { params: { fy }, query: inLanguage() }),
        },
        custom('ev-icon', { name: 'download' }),
        t('tax.certificate', { year: fy }),
      ),
    ),
  );

/** @returns {import('../shell/list.js').Column<Deduction>[]} */
const columns = () => [
  {
    label: t('tax.deducted_at'),
    cell: (row) => [
      h('strong', null, date(row.deducted_at)),
      row.reversal ? h('span', { class: 'hint block' }, t('tax.reversal')) : null,
    ],
  },
  { label: t('tax.quarter'), cell: (row) => row.quarter, isWide: true },
  { label: t('tax.section'), cell: (row) => row.section, isWide: true },
  { label: t('tax.rate'), align: 'end', cell: (row) => `${row.rate} %`, isWide: true },
  { label: t('tax.pan'), cell: (row) => row.pan, isWide: true },
  { label: t('tax.gross'), align: 'end', cell: (row) => money(row.gross) },
  { label: t('tax.tds'), align: 'end', cell: (row) => money(row.tds) },
];

customElements.define('ev-tax-page', TaxPage);
