// Form with the filters of a list or report, which tells each change.

import { h } from '../shell/view.js';
import { today } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';

/** @typedef {import('../shell/form.js').Choice} Choice */
/**
 * `type` is `select`, `date`, `search` or `text`; a day is not after today. `control` makes another control, which has a
 * value with the name of the field.
 * @typedef {{
 *   name: string,
 *   label: string,
 *   type?: 'select' | 'date' | 'search' | 'text',
 *   choices?: readonly Choice[],
 *   input?: Record<string, unknown>,
 *   control?: (attributes: Record<string, unknown>) => import('../shell/view.js').Child,
 * }} FilterField
 */
/** @typedef {Record<string, string>} Filter */

/** A pause in typing after which a search begins. */
const TYPING_PAUSE_MS = 300;
let typing = 0;

/**
 * @param {readonly FilterField[]} fields
 * @param {Filter} values
 * @param {(values: Filter) => void} changed called with values that the controls accept
 */
export function filterForm(fields, values, changed) {
  const apply = (/** @type {HTMLFormElement | null} */ form) => {
    clearTimeout(typing);
    if (!form?.reportValidity()) return;
    const chosen = valuesOf(form);
    // Leaving a search box that was already applied is no change; a new reading would take the click from a row.
    const isChange = Object.entries(chosen).some(([name, value]) => value !== (values[name] ?? ''));
    if (isChange) changed(chosen);
  };
  return h(
    'form',
    {
      class: 'filters',
      onchange: (/** @type {{target: HTMLInputElement}} */ event) => apply(event.target.form),
      onsubmit: (/** @type {SubmitEvent} */ event) => {
        event.preventDefault();
        apply(/** @type {HTMLFormElement} */ (event.target));
      },
      oninput: (/** @type {{target: HTMLInputElement}} */ { target }) => {
        if (target.type !== 'search') return;
        clearTimeout(typing);
        typing = setTimeout(() => apply(target.form), TYPING_PAUSE_MS);
      },
    },
    fields.map((field) => labelled(field, values)),
  );
}

/**
 * @param {FilterField} field
 * @param {Filter} values
 */
function labelled(field, values) {
  const { name, label, control: make } = field;
  if (!make) return h('label', { class: 'field', key: name }, label, control(field, values));
  // Its options are no part of its name.
  const id = `filter-${name}`;
  return h('div', { class: 'field', key: name }, h('label', { for: id }, label), make({ id, name }));
}

/**
 * @param {FilterField} field
 * @param {Filter} values
 */
function control({ name, type = 'text', choices = [], input }, values) {
  const value = values[name] ?? '';
  if (type === 'date') return h('input', { type, name, value, max: today(), ...input });
  if (type !== 'select') return h('input', { type, name, value, autocomplete: 'off', ...input });
  return h(
    'select',
    { name },
    choices.map((choice) => h('option', { value: choice.value, selected: choice.value === value }, choice.label)),
  );
}

/** @param {HTMLFormElement} form */
const valuesOf = (form) =>
  Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value).trim()]));

/**
 * The choices of a filter by state: the work that waits first, and `all` at the end, which the address remembers.
 * @param {string} kind its texts are `KIND.status.STATE`
 * @param {readonly string[]} states
 * @returns {Choice[]}
 */
export const stateChoices = (kind, states) => [
  ...states.map((value) => ({ value, label: t(`${kind}.status.${value}`) })),
  { value: ALL, label: t('filter.all') },
];

/** The choice that does not narrow a list. */
const ALL = 'all';

/**
 * The value of a filter for the API; nothing for `all`.
 * @param {string | undefined} value
 */
export const filterValue = (value) => (value === ALL ? undefined : value || undefined);
