// Base class of inputs that offer options while a person types: a combobox with a list of options in groups.

import { ViewElement } from './view-element.js';
import { custom, h } from './view.js';
import { Preview } from './preview.js';
import { t } from '../i18n/i18n.js';

/**
 * An option with an `address` is a link.
 * @typedef {{id: string, title: string, subtitle?: string, address?: string}} Option
 */
/** @typedef {{label: string, icon?: string, options: readonly Option[]}} Group */

/** Shorter texts find too much. */
const MIN_LETTERS = 2;

export class ComboboxElement extends ViewElement {
  /** The text as it is typed, without spaces around it. */
  text = '';
  isOpen = false;
  /** Whether the options open below the input, and close when the person goes on elsewhere. */
  isPopup = true;
  /** The name of the list for screen readers. */
  listLabel = '';
  #id = `combobox-${crypto.randomUUID()}`;
  #position = 0;
  #found = new Preview(this, (/** @type {string} */ text, signal) => this.search(text, signal));

  /**
   * Options that are known without a request.
   * @returns {readonly Group[]}
   */
  get suggestions() {
    return [];
  }

  /**
   * Options that are read while the person types.
   * @param {string} text
   * @param {AbortSignal} signal
   * @returns {Promise<readonly Group[]>}
   */
  async search(text, signal) {
    signal.throwIfAborted();
    throw new Error(`${this.localName} has no search for ${text}`);
  }

  /** @param {Option} option */
  choose(option) {
    throw new Error(`${this.localName} has no use for ${option.id}`);
  }

  /** @param {string} text */
  type(text) {
    [this.text, this.#position, this.isOpen] = [text.trim(), 0, true];
    void this.#found.change(this.#isSearchable ? this.text : null);
  }

  close() {
    this.isOpen = false;
    void this.#found.change(null);
  }

  /** A query needs a letter or digit in any script. */
  get #isSearchable() {
    return this.text.length >= MIN_LETTERS && /[\p{L}\p{N}]/u.test(this.text);
  }

  get #groups() {
    const groups = [...this.suggestions, ...(this.#found.value ?? [])];
    return groups.filter(({ options }) => options.length > 0);
  }

  get #options() {
    return this.#groups.flatMap(({ options }) => options);
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const options = this.#options;
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    const option = options[this.#position];
    if (event.isComposing) return;
    if (step !== 0 && options.length > 0) {
      event.preventDefault();
      this.isOpen = true;
      this.#move((this.#position + step + options.length) % options.length);
    } else if (event.key === 'Enter' && this.isOpen && option) {
      event.preventDefault();
      this.choose(option);
    } else if (event.key === 'Escape' && this.isOpen && this.isPopup) {
      // The first Escape closes the options, the next one a dialog around them.
      event.preventDefault();
      event.stopPropagation();
      this.close();
    }
  }

  /** @param {number} position */
  #move(position) {
    this.#position = position;
    this.update();
    requestAnimationFrame(() => this.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' }));
  }

  /**
   * The input. `attributes` are further ones of it.
   * @param {Record<string, unknown>} attributes
   */
  field(attributes) {
    const isShown = this.isOpen && this.#options.length > 0;
    return h('input', {
      type: 'text',
      role: 'combobox',
      autocomplete: 'off',
      spellcheck: 'false',
      maxlength: 100,
      'aria-autocomplete': 'list',
      'aria-expanded': isShown,
      'aria-controls': isShown ? this.#id : null,
      'aria-activedescendant': isShown ? this.#optionId(this.#position) : null,
      oninput: (/** @type {{target: HTMLInputElement}} */ { target }) => this.type(target.value),
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.#onKey(event),
      onblur: () => this.isPopup && this.close(),
      ...attributes,
    });
  }

  /** The options, and what there is to say about them. */
  list() {
    const { error, isLoading } = this.#found;
    let position = -1;
    return [
      this.isOpen && this.#options.length > 0
        ? h(
            'div',
            {
              class: 'options',
              role: 'listbox',
              id: this.#id,
              'aria-label': this.listLabel,
              'aria-busy': isLoading,
              // The input keeps the focus.
              onmousedown: (/** @type {Event} */ event) => event.preventDefault(),
            },
            this.#groups.map(({ label, icon, options }) =>
              h(
                'div',
                { role: 'group', 'aria-label': label, key: label },
                h(
                  'p',
                  { class: 'hint', 'aria-hidden': 'true' },
                  icon ? custom('ev-icon', { name: icon }) : null,
                  label,
                ),
                options.map((option) => this.#option(option, (position += 1))),
              ),
            ),
          )
        : null,
      this.isOpen && error ? custom('ev-problem', { '.error': error, '.retry': () => this.type(this.text) }) : null,
      h('p', { class: 'hint', role: 'status' }, this.isOpen ? this.#status() : null),
    ];
  }

  /** The list below the input. It is hidden only from sight, so that a screen reader says what is found. */
  popup() {
    return h('div', { class: this.isOpen && this.text ? 'sheet' : 'visually-hidden' }, this.list());
  }

  #status() {
    const count = this.#options.length;
    if (this.#found.isLoading) return t('search.running');
    if (count > 0) return t('search.count', { count });
    if (this.#found.error || !this.text) return null;
    return this.#isSearchable ? t('search.nothing', { text: this.text }) : t('search.more_letters');
  }

  /** @param {number} position */
  #optionId = (position) => `${this.#id}-${position}`;

  /**
   * @param {Option} option
   * @param {number} position
   */
  #option(option, position) {
    const { id, title, subtitle, address } = option;
    const attributes = {
      key: id,
      id: this.#optionId(position),
      role: 'option',
      tabindex: -1,
      'aria-selected': position === this.#position,
      onpointermove: () => this.#position !== position && this.#move(position),
      onclick: (/** @type {MouseEvent} */ event) => {
        // A link can still be opened in another tab.
        if (address && (event.ctrlKey || event.metaKey || event.shiftKey)) return;
        event.preventDefault();
        this.choose(option);
      },
    };
    const content = [h('span', null, title), subtitle ? h('span', { class: 'hint' }, subtitle) : null];
    return address ? h('a', { ...attributes, href: address }, content) : h('div', attributes, content);
  }
}
