// Filter of a list by the state of its objects.

import { h } from '../shell/view.js';
import { t } from '../i18n/i18n.js';

/**
 * @param {string} kind its texts are `KIND.status.STATE`
 * @param {readonly string[]} states
 * @param {string} chosen empty for all
 * @param {(state: string) => void} choose
 */
export const statusFilter = (kind, states, chosen, choose) =>
  h(
    'div',
    { class: 'filters' },
    h(
      'label',
      { class: 'field' },
      t(`${kind}.status`),
      h(
        'select',
        { onchange: (/** @type {{target: HTMLSelectElement}} */ event) => choose(event.target.value) },
        h('option', { value: '' }, t('filter.all')),
        states.map((value) => h('option', { value, selected: value === chosen }, t(`${kind}.status.${value}`))),
      ),
    ),
  );
