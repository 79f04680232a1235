// Table of figures: a name and its figures in each row, with an optional row of totals.

import { h } from '../shell/view.js';

/** @typedef {import('../shell/view.js').Child} Child */

/**
 * @param {string} caption
 * @param {readonly string[]} columns the first is that of the names
 * @param {readonly (readonly Child[])[]} rows
 * @param {readonly Child[]} [totals]
 */
export const dataTable = (caption, columns, rows, totals) =>
  h(
    'div',
    { class: 'table', tabindex: 0, role: 'region', 'aria-label': caption },
    h(
      'table',
      { class: 'figures-table' },
      h('caption', { class: 'visually-hidden' }, caption),
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          columns.map((column, i) => h('th', { scope: 'col', class: i > 0 ? 'end' : null }, column)),
        ),
      ),
      h('tbody', null, rows.map(row)),
      totals ? h('tfoot', null, row(totals)) : null,
    ),
  );

/** @param {readonly Child[]} cells */
const row = ([name, ...figures]) =>
  h(
    'tr',
    null,
    h('th', { scope: 'row' }, name),
    figures.map((figure) => h('td', { class: 'end' }, figure)),
  );
