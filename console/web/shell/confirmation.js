// `<ev-confirmation>`: the body of a confirmation dialog, with the action's progress and its problem.

import { ViewElement } from './view-element.js';
import { custom, h } from './view.js';
import { fieldProblems } from './problem-fields.js';
import { t } from '../i18n/i18n.js';

class Confirmation extends ViewElement {
  /** @type {import('./view.js').Child} */
  effects;
  label = '';
  isDestructive = false;
  /** @type {readonly string[]} The fields of the form that asks. */
  fields = [];
  /** @type {() => Promise<unknown>} */
  act = async () => undefined;
  /** @type {(result: unknown) => void} */
  close = () => undefined;
  /** @type {(error: unknown) => void} Ends with a problem that the form shows next to its field. */
  refuse = () => undefined;
  /** @type {unknown} */
  #error;
  #isRunning = false;

  async #run() {
    if (this.#isRunning) return;
    [this.#isRunning, this.#error] = [true, undefined];
    this.update();
    try {
      this.close(await this.act());
    } catch (error) {
      const isOfForm = fieldProblems(error, this.fields).some(({ field }) => this.fields.includes(field));
      if (isOfForm) return this.refuse(error);
      this.#error = error;
    }
    this.#isRunning = false;
    this.update();
  }

  view() {
    return h(
      'div',
      { class: 'stack' },
      h('div', { class: 'effects' }, this.effects),
      this.#error ? custom('ev-problem', { '.error': this.#error }) : null,
      h(
        'footer',
        { class: 'actions' },
        h('button', { type: 'button', onclick: () => this.close(undefined) }, t('action.back')),
        h(
          'button',
          {
            type: 'button',
            class: this.isDestructive ? 'primary danger' : 'primary',
            'aria-disabled': this.#isRunning,
            onclick: () => this.#run(),
          },
          this.#isRunning ? t('action.running') : this.label,
        ),
      ),
    );
  }
}

customElements.define('ev-confirmation', Confirmation);
