// Ranges of days for reports, and the names of their periods. Days are texts `YYYY-MM-DD` without a time zone.

import { date, monthName, today } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';

/** @typedef {'day' | 'week' | 'month'} Grouping */
/** @typedef {{from: string, to: string, group_by: Grouping}} Range */

/** @type {readonly Grouping[]} */
const GROUPINGS = ['day', 'week', 'month'];

const DAY_MS = 86_400_000;

/** How many periods a range has when no other is chosen. */
const LENGTHS = { day: 30, week: 12, month: 12 };

/**
 * @param {string} day
 * @param {number} count
 */
export const addDays = (day, count) => new Date(Date.parse(day) + count * DAY_MS).toISOString().slice(0, 10);

/**
 * The first day of the month `count` months after that of `day`.
 * @param {string} day
 * @param {number} count
 */
function addMonths(day, count) {
  const [year = 0, month = 1] = day.split('-').map(Number);
  return new Date(Date.UTC(year, month - 1 + count, 1)).toISOString().slice(0, 10);
}

/** The Monday of the week of `day`. */
const monday = (/** @type {string} */ day) => addDays(day, -((new Date(Date.parse(day)).getUTCDay() + 6) % 7));

/**
 * The last periods up to today.
 * @param {Grouping} grouping
 * @returns {Range}
 */
export function latestRange(grouping) {
  const to = today();
  const length = LENGTHS[grouping];
  const starts = {
    day: addDays(to, 1 - length),
    week: addDays(monday(to), -7 * (length - 1)),
    month: addMonths(to, 1 - length),
  };
  return { from: starts[grouping], to, group_by: grouping };
}

/**
 * As many periods as `latestRange` has, just before it.
 * @param {Range} range
 * @returns {Range}
 */
export function rangeBefore({ from, group_by: grouping }) {
  const length = LENGTHS[grouping];
  const starts = {
    day: addDays(from, -length),
    week: addDays(from, -7 * length),
    month: addMonths(from, -length),
  };
  return { from: starts[grouping], to: addDays(from, -1), group_by: grouping };
}

/**
 * The name of a period of a report.
 * @param {string} period a day, the Monday of a week, or a month as `2026-11`
 * @param {Grouping} grouping
 */
export function periodName(period, grouping) {
  if (grouping === 'month') return monthName(period);
  return grouping === 'week' ? t('office.report.week_of', { day: date(period) }) : date(period);
}

/**
 * The first time of something that is in force, as `text` writes it; what has always been in force has none.
 * @param {string} time
 * @param {(time: string) => string} text
 */
export const startText = (time, text) => (Date.parse(time) > 0 ? text(time) : t('office.from_beginning'));

/** @param {string} text */
export const groupingOf = (text) => GROUPINGS.find((grouping) => grouping === text) ?? 'day';

/** The groupings as choices of a filter. */
export const groupingChoices = () => GROUPINGS.map((value) => ({ value, label: t(`office.report.grouping.${value}`) }));
