// Chart of one figure of a report over its periods, with the same figure of an earlier range.

import { custom } from '../shell/view.js';
import { money, number, shortMoney } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { periodName } from './range.js';
import '../charts/chart.js';

/** @typedef {import('../shell/api.js').Answer<'get', '/api/v1/reports/sales'>} Report */
/** @typedef {Pick<Report, 'items' | 'group_by'>} Rows */

/**
 * `nameOf` names rows that are not periods.
 * @param {{
 *   caption: string,
 *   figure: string,
 *   report: Rows,
 *   nameOf?: (row: string) => string,
 *   earlier?: Report | null,
 *   kind?: 'line' | 'bar',
 * }} trend
 */
export function trend({ caption, figure, report, nameOf, earlier, kind = 'line' }) {
  const isAmount = report.items.some((item) => isMoney(item[figure]));
  const series = [seriesOf(t('office.report.this_range'), report, figure)];
  if (earlier) series.push({ ...seriesOf(t('office.report.before'), earlier, figure), isEarlier: true });
  return custom('ev-chart', {
    '.caption': caption,
    '.kind': kind,
    '.labels': report.items.map(({ period }) => (nameOf ? nameOf(period) : periodName(period, report.group_by))),
    '.axis': isAmount ? shortMoney : number,
    '.series': series,
  });
}

/**
 * @param {string} label
 * @param {Rows} report
 * @param {string} figure
 * @returns {import('../charts/chart.js').Series}
 */
const seriesOf = (label, { items }, figure) => ({
  label,
  // Only the drawing has the amounts as numbers.
  values: items.map((item) => Number(item[figure] ?? 0)),
  texts: items.map((item) => figureText(item[figure])),
});

/** Whether a figure of a report is an amount; counts are numbers. */
const isMoney = (/** @type {unknown} */ figure) => typeof figure === 'string';

/** @param {unknown} figure */
export const figureText = (figure) => (isMoney(figure) ? money(String(figure)) : number(Number(figure ?? 0)));
