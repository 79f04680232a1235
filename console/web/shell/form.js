// `<ev-form>`: a form with its fields, its progress, and each problem next to the field it concerns.

import { ViewElement } from './view-element.js';
import { custom, h } from './view.js';
import { Problem, fieldText } from './problem.js';
import { t } from '../i18n/i18n.js';

/** @typedef {import('./view.js').Child} Child */
/** @typedef {{value: string, label: string}} Choice */
/**
 * `name` is the field of the API's body; dots reach into objects. `type` is an input's type, `select`, `textarea` or
 * `radio`. `input` has further attributes of the control, such as `pattern` or `autocomplete`.
 * @typedef {{
 *   name: string,
 *   label: string,
 *   type?: string,
 *   hint?: string,
 *   value?: string,
 *   isOptional?: boolean,
 *   choices?: readonly Choice[],
 *   input?: Record<string, unknown>,
 * }} Field
 */
/** @typedef {Record<string, string>} Values */

export class FormElement extends ViewElement {
  /** @type {readonly Field[]} */
  fields = [];
  submitLabel = '';
  /** @type {(values: Values, key: string) => Promise<unknown>} Sends the values; `key` is the same until they change. */
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

  /** @returns {Values} */
  get values() {
    const form = this.querySelector('form');
    const entries = form ? [...new FormData(form)] : [];
    return Object.fromEntries(entries.map(([name, value]) => [name, String(value).trim()]));
  }

  #onInput() {
    this.#key = crypto.randomUUID();
    this.changed?.(this.values);
  }

  /** @param {SubmitEvent} event */
  async #onSubmit(event) {
    event.preventDefault();
    if (this.#isRunning) return;
    [this.#isRunning, this.#error] = [true, undefined];
    this.update();
    try {
      const answer = await this.send(this.values, this.#key);
      this.#key = crypto.randomUUID();
      this.done?.(answer);
    } catch (error) {
      this.#error = error;
      requestAnimationFrame(() => this.#focusProblem());
    }
    this.#isRunning = false;
    this.update();
  }

  #focusProblem() {
    const target = this.querySelector('[aria-invalid="true"]') ?? this.querySelector('[role="alert"]');
    if (target instanceof HTMLElement) target.focus();
  }

  view() {
    const problem = this.#error instanceof Problem ? this.#error : undefined;
    const known = new Set(this.fields.map((field) => field.name));
    const others = (problem?.errors ?? []).filter((error) => !known.has(error.field));
    const isShownAtFields = (problem?.errors.length ?? 0) > 0 && others.length === 0;
    return h(
      'form',
      {
        class: 'stack',
        novalidate: false,
        oninput: () => this.#onInput(),
        onsubmit: (/** @type {SubmitEvent} */ e) => this.#onSubmit(e),
      },
      this.fields.map((field) => this.#field(field, problem)),
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
   * @param {Problem | undefined} problem
   */
  #field(field, problem) {
    const id = `${this.#id}-${field.name}`;
    const error = problem?.errors.find((e) => e.field === field.name);
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
