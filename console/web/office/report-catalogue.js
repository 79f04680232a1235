// The reports of the office: their figures, their filters, and the names of their rows.

import { t } from '../i18n/i18n.js';
import { vehicleName } from '../member/vehicle-name.js';
import { groupingChoices, groupingOf, latestRange, periodName } from './range.js';
import { stateChoices } from './filter-form.js';

/** @typedef {import('./filter-form.js').Filter} Filter */
/** @typedef {import('./filter-form.js').FilterField} FilterField */
/** @typedef {'vehicle' | 'method' | 'status' | 'city' | 'plan_version'} ReportFilter */
/** @typedef {import('./columns.js').Row<'/api/v1/vehicles/all'>} Vehicle */
/**
 * `figure` is the one that the chart begins with. A report with `periods` has a row for each of them, one with `range`
 * takes days only, and any other is of today.
 * @typedef {{figure: string, filters: readonly ReportFilter[], has: 'periods' | 'range' | 'today'}} Report
 */

/** @type {readonly ReportFilter[]} */
const NO_FILTERS = [];

export const REPORTS = /** @type {const} */ ({
  sales: { figure: 'revenue', filters: ['vehicle', 'method', 'status', 'city', 'plan_version'], has: 'periods' },
  wallet: { figure: 'commission', filters: ['city'], has: 'periods' },
  payouts: { figure: 'paid_gross', filters: ['status', 'city'], has: 'periods' },
  users: { figure: 'registrations', filters: ['city'], has: 'periods' },
  binary: { figure: 'pairs_matched', filters: ['city', 'plan_version'], has: 'periods' },
  cohorts: { figure: 'joined', filters: ['city'], has: 'periods' },
  generations: { figure: 'gross', filters: ['city', 'plan_version'], has: 'range' },
  'emi-ageing': { figure: 'unpaid', filters: NO_FILTERS, has: 'today' },
  'payout-ageing': { figure: 'open', filters: NO_FILTERS, has: 'today' },
});
/** @typedef {keyof typeof REPORTS} ReportName */

const METHODS = ['online', 'bank_transfer', 'cash', 'wallet', 'emi_deduction'];
const BOOKING_STATES = ['pre_booked', 'confirmed', 'completed', 'delivered', 'cancelled', 'expired', 'returned'];
const PAYOUT_STATES = [
  'requested',
  'pending',
  'approved',
  'processing',
  'completed',
  'rejected',
  'cancelled',
  'failed',
  'reversed',
];

/** @param {string | undefined} name */
export const reportName = (name) => /** @type {ReportName} */ (name && name in REPORTS ? name : 'sales');

/**
 * The query of a report: only what it takes, so that a filter of another report is not refused.
 * @param {ReportName} name
 * @param {Filter} filter
 */
export function reportQuery(name, filter) {
  const { has, filters } = /** @type {Report} */ (REPORTS[name]);
  const { from, to, group_by: grouping } = filter;
  const chosen = Object.fromEntries(
    filters.map((key) => [key, filter[key] === 'all' ? undefined : filter[key] || undefined]),
  );
  if (has === 'today') return chosen;
  if (has === 'range') return { ...chosen, from, to };
  return { ...chosen, from, to, group_by: groupingOf(grouping ?? '') };
}

/** The filter of a visit without one in its address. */
export function defaultFilter(/** @type {URLSearchParams} */ query) {
  const isOfCohorts = query.get('report') === 'cohorts';
  const grouping = groupingOf(query.get('group_by') ?? (isOfCohorts ? 'month' : 'day'));
  return { report: 'sales', ...latestRange(grouping) };
}

/**
 * The controls of a report, after the choice of the report.
 * @param {ReportName} name
 * @param {readonly Vehicle[]} vehicles
 * @returns {FilterField[]}
 */
export function reportFields(name, vehicles) {
  const { has, filters } = /** @type {Report} */ (REPORTS[name]);
  /** @type {FilterField[]} */
  const fields = [];
  if (has !== 'today') {
    fields.push(
      { name: 'from', label: t('filter.from'), type: 'date', input: { required: true } },
      { name: 'to', label: t('filter.to'), type: 'date', input: { required: true } },
    );
  }
  if (has === 'periods') {
    fields.push({ name: 'group_by', label: t('office.report.grouping'), type: 'select', choices: groupingChoices() });
  }
  return [...fields, ...filters.map((filter) => filterField(name, filter, vehicles))];
}

/**
 * @param {ReportName} name
 * @param {ReportFilter} filter
 * @param {readonly Vehicle[]} vehicles
 * @returns {FilterField}
 */
function filterField(name, filter, vehicles) {
  const label = t(`office.report.filter.${filter}`);
  const all = { value: 'all', label: t('filter.all') };
  if (filter === 'vehicle') {
    const choices = [all, ...vehicles.map((vehicle) => ({ value: vehicle.id, label: vehicleName(vehicle) }))];
    return { name: filter, label, type: 'select', choices };
  }
  if (filter === 'method') {
    const choices = [all, ...METHODS.map((value) => ({ value, label: t(`payment.method.${value}`) }))];
    return { name: filter, label, type: 'select', choices };
  }
  if (filter === 'status') {
    const isOfPayouts = name === 'payouts';
    const states = stateChoices(isOfPayouts ? 'payout' : 'booking', isOfPayouts ? PAYOUT_STATES : BOOKING_STATES);
    return { name: filter, label, type: 'select', choices: [all, ...states.filter(({ value }) => value !== 'all')] };
  }
  if (filter === 'plan_version') {
    return { name: filter, label, input: { inputmode: 'numeric', pattern: '[0-9]{1,9}', size: 6 } };
  }
  return { name: filter, label, type: 'search', input: { maxlength: 100 } };
}

/**
 * The name of a row: a period, a generation, or an age.
 * @param {ReportName} name
 * @param {string} row
 * @param {import('./range.js').Grouping | undefined} grouping
 */
export function rowName(name, row, grouping) {
  if (grouping) return periodName(row, grouping);
  if (name === 'generations') {
    return row === 'unknown'
      ? t('office.report.generation.unknown')
      : t('office.report.generation', { generation: row });
  }
  return row === 'not_due' ? t('office.report.age.not_due') : t('office.report.age', { days: row.replace('-', '–') });
}
