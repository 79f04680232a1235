// `<ev-person-picker>`: an input of a form that finds a person by name, e-mail address, mobile number or referral code.

import { custom, h } from '../shell/view.js';
import { ComboboxElement } from '../shell/combobox.js';
import { t } from '../i18n/i18n.js';
import { findPeople } from './search.js';

/** @typedef {{id: string, name: string}} Chosen */

class PersonPicker extends ComboboxElement {
  /** @type {Record<string, unknown>} Attributes of the input; `name` is that of the value, which is the person's id. */
  fieldAttributes = {};
  /** @type {Chosen | undefined} The person with which the form begins. */
  first;
  /** @type {((person: Chosen | null) => void) | undefined} */
  changed;
  /** @type {Chosen | null | undefined} Undefined before the first change. */
  #chosen;

  get #person() {
    return this.#chosen === undefined ? this.first : this.#chosen;
  }

  /**
   * @param {string} text
   * @param {AbortSignal} signal
   */
  async search(text, signal) {
    return [{ label: t('office.people.title'), options: await findPeople(text, signal) }];
  }

  /** @param {import('../shell/combobox.js').Option} option */
  choose({ id, title }) {
    this.#set({ id, name: title });
    this.close();
  }

  /** @param {string} text */
  type(text) {
    this.#set(null);
    super.type(text);
  }

  /** @param {Chosen | null} person */
  #set(person) {
    this.#chosen = person;
    const [input, value] = this.querySelectorAll('input');
    if (!input || !value) return;
    if (person) input.value = person.name;
    value.value = person?.id ?? '';
    input.setCustomValidity(person || input.value === '' ? '' : t('office.picker.choose'));
    this.changed?.(person);
    // Typing is a change of the form by itself; a choice has to be made one.
    if (person) for (const type of ['input', 'change']) value.dispatchEvent(new Event(type, { bubbles: true }));
  }

  view() {
    this.listLabel = t('office.people.title');
    const { name, ...attributes } = this.fieldAttributes;
    return h(
      'div',
      { class: 'combobox popup' },
      this.field({ placeholder: t('office.people.search_hint'), value: this.first?.name, ...attributes }),
      h('input', { type: 'hidden', name, value: this.#person?.id ?? '' }),
      this.popup(),
    );
  }
}

/**
 * The field of a form for a person.
 * @param {{name: string, label: string, hint?: string, isOptional?: boolean, first?: Chosen, changed?: (person: Chosen | null) => void}} field
 * @returns {import('../shell/form.js').Field & import('./filter-form.js').FilterField}
 */
export const personField = ({ first, changed, ...field }) => ({
  ...field,
  control: (attributes) =>
    custom('ev-person-picker', { '.fieldAttributes': attributes, '.first': first, '.changed': changed }),
});

customElements.define('ev-person-picker', PersonPicker);
