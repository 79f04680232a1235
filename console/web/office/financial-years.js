// Financial years and their quarters, as forms of the office offer them.

import { today } from '../i18n/format.js';

const YEARS = 6;
export const QUARTERS = /** @type {const} */ (['Q1', 'Q2', 'Q3', 'Q4']);

/** The financial years up to now, newest first, as the API writes them: April 2026 begins `2026-27`. */
export function financialYears() {
  const [year = 0, month = 1] = today().split('-').map(Number);
  const newest = month >= 4 ? year : year - 1;
  return Array.from({ length: YEARS }, (_, back) => {
    const first = newest - back;
    return `${first}-${String((first + 1) % 100).padStart(2, '0')}`;
  });
}
