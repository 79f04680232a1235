// `<ev-form>`: a form with its fields, its progress, and each problem next to the field it concerns.

import { ViewElement } from './view-element.js';
import { custom, h } from './view.js';
import { fieldText } from './problem.js';
import { fieldProblems } from './problem-fields.js';
import { t } from '../i18n/i18n.js';

/** @typedef {import('./view.js').Child} Child */
/** @typedef {{value: string, label: string}} Choice */
/**
 * `name` is the field of the API's body; dots reach into objects. `type` is an input's type, `select`, `textarea` or
 * `radio`. `input` has further attributes of the control, such as `pattern` or `autocomplete`; `control` makes another
 * one, whose value is that of an input with the name of the field.
 * @typedef {{
 *   name: string,
 *   label: string,
 *   type?: string,
 *   hint?: string,
 *   value?: string,
 *   isOptional?: boolean,
 *   choices?: readonly Choice[],
 *   input?: Record<string, unknown>,
 *   control?: (attributes: Record<string, unknown>) => Child,
 * }} Field
 */
/** @typedef {Record<string, string>} Values */
/**
 * What goes with the values: a key that is the same until they change or were sent, and the names of the fields.
 * @typedef {{key: string, fields: readonly string[]}} Sent
 */

export class FormElement extends ViewElement {
  /** @type {readonly Field[]} */
  fields = [];
  submitLabel = '';
  /** @type {(values: Values, sent: Sent) => Promise<unknown>} */
  send = async () => undefined;
  /** @type {((answer: unknown) => void) | undefined} */
  done;
  /** @type {((values: Values) => void) | undefined} Called after each change, for a live preview. */
  changed;
  /** @type {Child} Shown between the fields and the button. */
  preview;
  #key = crypto.randomUUID();
  #id = crypto.randomUUID();
  #isRunning = false;
  /** @type {unknown} */
  #error;
  /** @type {Set<string>} The fields that changed since the error. */
  #corrected = new Set();

  /** @returns {Values} */
  get values() {
    const form = this.querySelector('form');
    const entries = form ? [...new FormData(form)] : [];
    return Object.fromEntries(entries.map(([name, value]) => [name, String(value).trim()]));
  }

  /** @param {Event} event */
  #onInput({ target }) {
    this.#key = crypto.randomUUID();
    const name = target instanceof Element ? target.getAttribute('name') : null;
    if (this.#error && name) {
      // What was wrong with a field is no longer said of its new value.
      this.#corrected.add(name);
      this.update();
    }
    this.changed?.(this.values);
  }

  /** @param {SubmitEvent} event */
  async #onSubmit(event) {
    event.preventDefault();
    if (this.#isRunning) return;
    [this.#isRunning, this.#error] = [true, undefined];
    this.#corrected.clear();
    this.update();
    try {
      const answer = await this.send(this.values, { key: this.#key, fields: this.#names });
      // Without an answer the person gave up, maybe after one was lost.
      if (answer !== undefined) this.#key = crypto.randomUUID();
      this.done?.(answer);
    } catch (error) {
      this.#error = error;
      requestAnimationFrame(() => this.#focusProblem());
    }
    this.#isRunning = false;
    this.update();
  }

  get #names() {
    return this.fields.map(({ name }) => name);
  }

  #focusProblem() {
    const target = this.querySelector('[aria-invalid="true"]');
    if (target instanceof HTMLElement) target.focus();
  }

  view() {
    const names = this.#names;
    const all = fieldProblems(this.#error, names);
    const others = all.filter((error) => !names.includes(error.field));
    const isShownAtFields = all.length > 0 && others.length === 0;
    const errors = all.filter((error) => !this.#corrected.has(error.field));
    return h(
      'form',
      {
        class: 'stack',
        novalidate: false,
        oninput: (/** @type {Event} */ event) => this.#onInput(event),
        onsubmit: (/** @type {SubmitEvent} */ e) => this.#onSubmit(e),
      },
      this.fields.map((field) => this.#field(field, errors)),
      this.preview,
      this.#error && !isShownAtFields ? custom('ev-problem', { '.error': this.#error }) : null,
      others.map((error) => h('p', { class: 'error' }, `${error.field}: ${fieldText(error)}`)),
      h(
        'footer',
        { class: 'actions' },
        h(
          'button',
          { class: 'primary', 'aria-disabled': this.#isRunning },
          this.#isRunning ? t('action.running') : this.submitLabel,
        ),
      ),
    );
  }

  /**
   * @param {Field} field
   * @param {readonly import('./problem.js').FieldProblem[]} errors
   */
  #field(field, errors) {
    const id = `${this.#id}-${field.name}`;
    const error = errors.find((e) => e.field === field.name);
    const describedBy = [field.hint ? `${id}-hint` : '', error ? `${id}-error` : ''].filter(Boolean).join(' ');
    const attributes = {
      id,
      name: field.name,
      required: !field.isOptional,
      'aria-invalid': error ? 'true' : null,
      'aria-describedby': describedBy || null,
      ...field.input,
    };
    return h(
      'div',
      { class: 'field', key: field.name },
      h(
        'label',
        { for: id },
        field.label,
        field.isOptional ? h('span', { class: 'hint' }, ` ${t('form.optional')}`) : null,
      ),
      control(field, attributes),
      field.hint ? h('p', { class: 'hint', id: `${id}-hint` }, field.hint) : null,
      error ? h('p', { class: 'error', id: `${id}-error` }, fieldText(error)) : null,
    );
  }
}

/**
 * @param {Field} field
 * @param {Record<string, unknown>} attributes
 */
function control(field, attributes) {
  const { type = 'text', value, choices = [] } = field;
  if (field.control) return field.control(attributes);
  if (type === 'select') {
    return h(
      'select',
      attributes,
      choices.map((choice) => h('option', { value: choice.value, selected: choice.value === value }, choice.label)),
    );
  }
  if (type === 'textarea') return h('textarea', { rows: 3, ...attributes }, value);
  return h('input', { type, value, ...attributes });
}

customElements.define('ev-form', FormElement);

const AMOUNT = '[0-9]+([.][0-9]{1,2})?';

/** An input for an amount in rupees; the API takes digits, a point and two digits. */
export const amountInput = () => ({
  inputmode: 'decimal',
  pattern: AMOUNT,
  autocomplete: 'off',
  maxlength: 18,
  title: t('form.amount'),
});

/**
 * Whether a text is an amount in rupees.
 * @param {string} text
 */
export const isAmount = (text) => new RegExp(`^${AMOUNT}$`).test(text);

/**
 * An amount as the API takes it: `500` is `500.00`.
 * @param {string} text
 */
export function amountText(text) {
  const [rupees = '', fraction = ''] = text.replace(/[,\s₹]/g, '').split('.');
  return `${rupees.replace(/^0+(?=\d)/, '')}.${fraction.padEnd(2, '0')}`;
}
