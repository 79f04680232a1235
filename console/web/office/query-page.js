// `<ev-query-page>`: queries of the read graph, with examples, variables, the result and the schema.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { graph } from '../shell/api.js';
import { card } from '../shell/parts.js';
import { t } from '../i18n/i18n.js';
import { pageHead } from './list-page.js';
import { EXAMPLES } from './query-examples.js';
import './query-schema.js';

/** @typedef {import('../shell/api.js').GraphAnswer} GraphAnswer */

/** The code of a subscription, which this page does not run. */
const NEEDS_WEBSOCKET = 'graph.websocket_required';

class QueryPage extends ViewElement {
  #example = EXAMPLES[0];
  /** @type {GraphAnswer | undefined} */
  #answer;
  /** @type {unknown} */
  #problem;
  #isRunning = false;
  #isInvalid = false;

  view() {
    return h(
      'div',
      { class: 'page' },
      pageHead(t('office.query.title')),
      h('p', { class: 'hint' }, t('office.query.hint')),
      this.#form(),
      this.#result(),
      card(t('office.query.schema'), custom('ev-query-schema', {})),
    );
  }

  #form() {
    return h(
      'form',
      {
        class: 'stack query-form',
        onsubmit: (/** @type {SubmitEvent} */ event) => {
          event.preventDefault();
          void this.#run();
        },
        onkeydown: (/** @type {KeyboardEvent} */ event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void this.#run();
        },
      },
      h(
        'p',
        { class: 'field' },
        h('label', { for: 'query-example' }, t('office.query.example')),
        h(
          'select',
          { id: 'query-example', onchange: (/** @type {Event} */ event) => this.#choose(event) },
          EXAMPLES.map(({ name }) =>
            h('option', { value: name, selected: name === this.#example?.name }, t(`office.query.example.${name}`)),
          ),
        ),
      ),
      this.#text('query', t('office.query.query'), 16, this.#example?.query),
      this.#text('variables', t('office.query.variables'), 3, this.#example?.variables),
      this.#isInvalid ? h('p', { class: 'error', role: 'alert' }, t('office.query.variables_invalid')) : null,
      h(
        'footer',
        { class: 'actions' },
        h(
          'button',
          { class: 'primary', 'aria-disabled': this.#isRunning },
          this.#isRunning ? t('action.running') : t('office.query.run'),
        ),
      ),
    );
  }

  /**
   * @param {string} name
   * @param {string} label
   * @param {number} rows
   * @param {string} [value]
   */
  #text(name, label, rows, value = '') {
    const id = `query-${name}`;
    return h(
      'p',
      { class: 'field' },
      h('label', { for: id }, label),
      // A new example makes a new field, and whatever else is rendered leaves the text that was typed.
      h('textarea', { id, name, rows, spellcheck: 'false', key: `${name}-${this.#example?.name}` }, value),
    );
  }

  /** @param {Event} event */
  #choose({ target }) {
    if (!(target instanceof HTMLSelectElement)) return;
    this.#example = EXAMPLES.find(({ name }) => name === target.value);
    for (const name of /** @type {const} */ (['query', 'variables'])) {
      const field = this.querySelector(`#query-${name}`);
      if (field instanceof HTMLTextAreaElement) field.value = this.#example?.[name] ?? '';
    }
    [this.#answer, this.#problem, this.#isInvalid] = [undefined, undefined, false];
    this.update();
  }

  /** @param {string} name */
  #value(name) {
    const field = this.querySelector(`#query-${name}`);
    return field instanceof HTMLTextAreaElement ? field.value.trim() : '';
  }

  async #run() {
    if (this.#isRunning) return;
    const variables = read(this.#value('variables'));
    [this.#answer, this.#problem, this.#isInvalid] = [undefined, undefined, variables === undefined];
    if (variables !== undefined) {
      this.#isRunning = true;
      this.update();
      try {
        this.#answer = await graph({ query: this.#value('query'), variables }, { signal: this.signal });
      } catch (error) {
        this.#problem = error;
      }
      this.#isRunning = false;
    }
    this.update();
  }

  #result() {
    if (this.#problem) return custom('ev-problem', { '.error': this.#problem, '.retry': () => void this.#run() });
    const { data, errors = [] } = this.#answer ?? {};
    return h(
      'div',
      { role: 'status', class: 'query-result' },
      errors.length > 0
        ? card(
            t('office.query.errors'),
            h(
              'ul',
              null,
              errors.map(({ message, path = [], extensions }) =>
                h(
                  'li',
                  null,
                  h('code', null, [...path, extensions?.code].filter(Boolean).join(' ')),
                  ` ${extensions?.code === NEEDS_WEBSOCKET ? t(`problem.${NEEDS_WEBSOCKET}`) : message}`,
                ),
              ),
            ),
          )
        : null,
      data === undefined || data === null
        ? null
        : card(
            t('office.query.result'),
            h(
              'pre',
              { class: 'query-json', tabindex: '0', 'aria-label': t('office.query.result') },
              JSON.stringify(data, null, 2),
            ),
          ),
    );
  }
}

/**
 * The variables; undefined when they are no JSON object.
 * @param {string} text
 * @returns {Record<string, unknown> | undefined}
 */
function read(text) {
  if (!text) return {};
  try {
    const value = JSON.parse(text);
    return value && typeof value === 'object' && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

customElements.define('ev-query-page', QueryPage);
