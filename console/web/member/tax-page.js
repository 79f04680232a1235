// `<ev-tax-page>`: tax deducted at source in a financial year, and its certificate.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { get } from '../shell/api.js';
import { saveFile } from '../shell/parts.js';
import { rememberQuery } from '../shell/router.js';
import { ownId } from '../shell/session.js';
import { date, money, today } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import '../shell/list.js';

/** @typedef {Awaited<ReturnType<typeof readDeductions>>} Deductions */
/** @typedef {Deductions['items'][number]} Deduction */
/** @typedef {{cursor: string | null, limit: number}} PageQuery */

/** The years that a member can choose, the current one included. */
const YEARS = 6;

/**
 * @param {PageQuery & {fy: string}} query
 * @param {AbortSignal} signal
 */
const readDeductions = (query, signal) =>
  get('/api/v1/compliance/tds', { query: { user_id: ownId(), ...query }, signal });

class TaxPage extends ViewElement {
  query = new URLSearchParams();
  #year = '';
  /** @type {{total_gross: string, total_tds: string} | null} */
  #totals = null;

  start() {
    this.#year = years().find((year) => year === this.query.get('fy')) ?? years()[0] ?? '';
  }

  /** @param {string} year */
  #choose(year) {
    [this.#year, this.#totals] = [year, null];
    rememberQuery({ fy: year });
    /** @type {import('../shell/list.js').ListElement<Deduction> | null} */ (this.querySelector('ev-list'))?.reload();
    this.update();
  }

  #read = async (/** @type {PageQuery & {signal: AbortSignal}} */ { signal, ...page }) => {
    const year = this.#year;
    const deductions = await readDeductions({ fy: year, ...page }, signal);
    if (year === this.#year) this.#totals = deductions;
    this.update();
    return deductions;
  };

  view() {
    const fy = this.#year;
    return h(
      'div',
      { class: 'page' },
      h(
        'div',
        { class: 'page-head' },
        h('h1', null, t('tax.title')),
        h(
          'button',
          {
            type: 'button',
            onclick: () => saveFile('/api/v1/compliance/tds/{fy}/certificate', { params: { fy } }),
          },
          custom('ev-icon', { name: 'download' }),
          t('tax.certificate', { year: fy }),
        ),
      ),
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
            years().map((value) => h('option', { value, selected: value === fy }, value)),
          ),
        ),
      ),
      this.#totals ? totals(this.#totals) : null,
      h(
        'div',
        { key: 'list' },
        custom('ev-list', {
          '.caption': t('tax.deductions', { year: fy }),
          '.empty': t('tax.empty'),
          '.columns': columns(),
          '.rowKey': (/** @type {Deduction} */ row) => `${row.payout_id} ${row.reversal}`,
          '.link': (/** @type {Deduction} */ row) => `/payouts/${row.payout_id}`,
          '.read': this.#read,
        }),
      ),
    );
  }
}

/** @param {{total_gross: string, total_tds: string}} sums */
const totals = ({ total_gross: gross, total_tds: tds }) =>
  h(
    'section',
    { class: 'card' },
    h(
      'dl',
      { class: 'figures' },
      h('div', null, h('dt', null, t('tax.total_gross')), h('dd', null, money(gross))),
      h('div', null, h('dt', null, t('tax.total_tds')), h('dd', null, money(tds))),
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

/** Financial years such as `2026-27`, newest first; a year begins in April. */
function years() {
  const [year = 0, month = 1] = today().split('-').map(Number);
  const first = month >= 4 ? year : year - 1;
  return Array.from({ length: YEARS }, (_, back) => {
    const start = first - back;
    return `${start}-${String((start + 1) % 100).padStart(2, '0')}`;
  });
}

customElements.define('ev-tax-page', TaxPage);
