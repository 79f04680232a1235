// `<ev-reports-page>`: the reports, each with its filters as a chart, a table and a file.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { get } from '../shell/api.js';
import { saveFile } from '../shell/parts.js';
import { Resource, show } from '../shell/resource.js';
import { rememberQuery } from '../shell/router.js';
import { dateTime } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { dataTable } from './data-table.js';
import { filterForm } from './filter-form.js';
import { pageHead } from './list-page.js';
import { REPORTS, defaultFilter, reportFields, reportName, reportQuery, rowName } from './report-catalogue.js';
import { figureText, trend } from './trend.js';

/** @typedef {import('./trend.js').Report} PeriodReport */
/** @typedef {import('../shell/api.js').Answer<'get', '/api/v1/reports/generations'>} Breakdown */
/** @typedef {import('./filter-form.js').Filter} Filter */
/** @typedef {import('./report-catalogue.js').ReportName} ReportName */
/** What is shown of a report. @typedef {{name: ReportName, rows: PeriodReport['items']} & Omit<PeriodReport, 'items'>} Shown */

const FILES = /** @type {const} */ (['csv', 'xlsx']);
const MOST_VEHICLES = 100;

class ReportsPage extends ViewElement {
  query = new URLSearchParams();
  /** @type {Filter} */
  #filter = {};
  #report = new Resource(this, (signal) => this.#read(signal));
  #vehicles = new Resource(this, (signal) => get('/api/v1/vehicles/all', { query: { limit: MOST_VEHICLES }, signal }));

  start() {
    this.#filter = { ...defaultFilter(this.query), ...Object.fromEntries(this.query) };
    void this.#report.load();
    void this.#vehicles.load();
  }

  get #name() {
    return reportName(this.#filter['report']);
  }

  get #path() {
    // All reports are called alike; the type is that of one by period.
    return /** @type {'/api/v1/reports/sales'} */ (`/api/v1/reports/${this.#name}`);
  }

  /**
   * @param {AbortSignal} signal
   * @returns {Promise<Shown>}
   */
  async #read(signal) {
    const name = this.#name;
    const report = await get(this.#path, { query: reportQuery(name, this.#filter), signal });
    const { items } = /** @type {PeriodReport | Breakdown} */ (report);
    return {
      ...report,
      name,
      rows: items.map((item) => ({ ...item, period: String(item['period'] ?? item['group']) })),
    };
  }

  /** @param {Filter} filter */
  #choose(filter) {
    const isOtherReport = filter['report'] !== this.#filter['report'];
    // Another report has other figures and states, and cohorts are by month.
    const isOfCohorts = isOtherReport && filter['report'] === 'cohorts';
    /** @type {Filter} */
    const others = isOfCohorts ? { from: '', to: '', group_by: '' } : {};
    /** @type {Filter} */
    const next = isOtherReport ? { ...filter, figure: '', status: '', ...others } : filter;
    const isOnlyFigure = Object.keys(next).every((name) => name === 'figure' || next[name] === this.#filter[name]);
    this.#filter = isOtherReport ? { ...defaultFilter(new URLSearchParams(filled(next))), ...filled(next) } : next;
    rememberQuery(this.#filter);
    this.update();
    if (!isOnlyFigure) void this.#report.load();
  }

  view() {
    return h(
      'div',
      { class: 'page' },
      pageHead(
        t('office.reports.title'),
        FILES.map((format) => this.#fileButton(format.toUpperCase(), () => this.#save(format))),
        this.#fileButton(t('office.report.chart_file'), () => this.#saveChart()),
      ),
      this.#filters(),
      show(this.#report, (report) => this.#content(report)),
    );
  }

  /**
   * @param {string} text
   * @param {() => void} onclick
   */
  #fileButton = (text, onclick) =>
    h('button', { type: 'button', onclick, key: text }, custom('ev-icon', { name: 'download' }), text);

  #filters() {
    const figures = Object.keys(this.#report.value?.totals ?? {});
    return filterForm(
      [
        {
          name: 'report',
          label: t('office.report'),
          type: 'select',
          choices: Object.keys(REPORTS).map((value) => ({ value, label: t(`office.report.${value}`) })),
        },
        ...reportFields(this.#name, this.#vehicles.value?.items ?? []),
        {
          name: 'figure',
          label: t('office.report.figure'),
          type: 'select',
          choices: figures.map((value) => ({ value, label: t(`office.figure.${value}`) })),
        },
      ],
      { ...this.#filter, report: this.#name, figure: this.#figure(figures) },
      (filter) => this.#choose(filter),
    );
  }

  /** @param {readonly string[]} figures those of the report; a filter may leave some out */
  #figure(figures) {
    const chosen = this.#filter['figure'] ?? '';
    const first = REPORTS[this.#name].figure;
    return [chosen, first].find((figure) => figures.includes(figure)) ?? figures[0] ?? '';
  }

  /** @param {Shown} report */
  #content(report) {
    const figures = Object.keys(report.totals);
    const figure = this.#figure(figures);
    const nameOf = (/** @type {string} */ row) => rowName(report.name, row, report.group_by);
    return [
      h(
        'section',
        { class: 'card', 'aria-busy': this.#report.isLoading },
        trend({
          caption: t(`office.figure.${figure}`),
          figure,
          report: { items: report.rows, group_by: report.group_by },
          nameOf,
          kind: 'bar',
        }),
      ),
      dataTable(
        t(`office.report.${report.name}`),
        [t('chart.period'), ...figures.map((name) => t(`office.figure.${name}`))],
        report.rows.map((row) => [nameOf(row.period), ...figures.map((name) => figureText(row[name]))]),
        [t('office.report.total'), ...figures.map((name) => figureText(report.totals[name]))],
      ),
      report.as_of ? h('p', { class: 'hint' }, t('office.report.as_of', { time: dateTime(report.as_of) })) : null,
    ];
  }

  /** @param {typeof FILES[number]} format */
  #save(format) {
    void saveFile(this.#path, { query: { ...reportQuery(this.#name, this.#filter), format } });
  }

  #saveChart() {
    const figure = this.#figure(Object.keys(this.#report.value?.totals ?? {}));
    const query = { ...reportQuery(this.#name, this.#filter), figure };
    void saveFile('/api/v1/reports/{name}.svg', { params: { name: this.#name }, query });
  }
}

/**
 * The values that are set.
 * @param {Filter} filter
 */
const filled = (filter) => Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== ''));

customElements.define('ev-reports-page', ReportsPage);
