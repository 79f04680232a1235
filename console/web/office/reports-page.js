// `<ev-reports-page>`: the reports, each over a range of days as a chart, a table and a file.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { get } from '../shell/api.js';
import { saveFile } from '../shell/parts.js';
import { Resource, show } from '../shell/resource.js';
import { rememberQuery } from '../shell/router.js';
import { t } from '../i18n/i18n.js';
import { dataTable } from './data-table.js';
import { filterForm } from './filter-form.js';
import { pageHead } from './list-page.js';
import { groupingChoices, groupingOf, latestRange, periodName } from './range.js';
import { figureText, trend } from './trend.js';

/** @typedef {import('./trend.js').Report} Report */
/** @typedef {import('./filter-form.js').Filter} Filter */

/** The reports, each with the figure that its chart begins with. */
const REPORTS = /** @type {const} */ ([
  ['sales', 'revenue'],
  ['wallet', 'commission'],
  ['payouts', 'paid_gross'],
  ['users', 'registrations'],
  ['binary', 'pairs_matched'],
]);
const FORMATS = /** @type {const} */ (['csv', 'xlsx']);

class ReportsPage extends ViewElement {
  query = new URLSearchParams();
  /** @type {Filter} */
  #filter = {};
  #report = new Resource(this, (signal) => get(this.#path, { query: this.#range, signal }));

  start() {
    const { group_by: grouping, ...range } = latestRange(groupingOf(this.query.get('group_by') ?? 'day'));
    this.#filter = { report: 'sales', group_by: grouping, ...range, ...Object.fromEntries(this.query) };
    void this.#report.load();
  }

  get #known() {
    return REPORTS.find(([name]) => name === this.#filter['report']) ?? REPORTS[0];
  }

  get #path() {
    return /** @type {const} */ (`/api/v1/reports/${this.#known[0]}`);
  }

  get #range() {
    const { from, to, group_by: grouping } = this.#filter;
    return { from, to, group_by: grouping };
  }

  /** @param {Filter} filter */
  #choose(filter) {
    const isOtherReport = filter['report'] !== this.#filter['report'];
    // Another report has other figures.
    const figure = isOtherReport ? undefined : filter['figure'];
    const isOnlyFigure = ['report', 'from', 'to', 'group_by'].every((name) => filter[name] === this.#filter[name]);
    this.#filter = { ...filter, figure: figure ?? '' };
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
        FORMATS.map((format) =>
          h(
            'button',
            { type: 'button', onclick: () => this.#save(format) },
            custom('ev-icon', { name: 'download' }),
            format.toUpperCase(),
          ),
        ),
      ),
      this.#filters(),
      show(this.#report, (report) => this.#content(report)),
    );
  }

  #filters() {
    const figures = Object.keys(this.#report.value?.totals ?? {});
    return filterForm(
      [
        {
          name: 'report',
          label: t('office.report'),
          type: 'select',
          choices: REPORTS.map(([value]) => ({ value, label: t(`office.report.${value}`) })),
        },
        { name: 'from', label: t('filter.from'), type: 'date', input: { required: true } },
        { name: 'to', label: t('filter.to'), type: 'date', input: { required: true } },
        { name: 'group_by', label: t('office.report.grouping'), type: 'select', choices: groupingChoices() },
        {
          name: 'figure',
          label: t('office.report.figure'),
          type: 'select',
          choices: figures.map((value) => ({ value, label: t(`office.figure.${value}`) })),
        },
      ],
      { ...this.#filter, figure: this.#figure(figures) },
      (filter) => this.#choose(filter),
    );
  }

  /** @param {readonly string[]} figures those of the report */
  #figure(figures) {
    const chosen = this.#filter['figure'] ?? '';
    return figures.includes(chosen) ? chosen : this.#known[1];
  }

  /** @param {Report} report */
  #content(report) {
    const figures = Object.keys(report.totals);
    const figure = this.#figure(figures);
    // While another report loads, the one before has no such figure.
    if (!figures.includes(figure)) return null;
    return [
      h(
        'section',
        { class: 'card', 'aria-busy': this.#report.isLoading },
        trend({ caption: t(`office.figure.${figure}`), figure, report, kind: 'bar' }),
      ),
      dataTable(
        t(`office.report.${this.#known[0]}`),
        [t('chart.period'), ...figures.map((name) => t(`office.figure.${name}`))],
        report.items.map((item) => [
          periodName(item.period, report.group_by),
          ...figures.map((name) => figureText(item[name])),
        ]),
        [t('office.report.total'), ...figures.map((name) => figureText(report.totals[name]))],
      ),
    ];
  }

  /** @param {typeof FORMATS[number]} format */
  #save(format) {
    void saveFile(this.#path, { query: { ...this.#range, format } });
  }
}

customElements.define('ev-reports-page', ReportsPage);
