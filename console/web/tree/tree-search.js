// `<ev-tree-search>`: finds a member of the tree by name or referral code.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { get, isAbort } from '../shell/api.js';
import { t } from '../i18n/i18n.js';

/** @typedef {Awaited<ReturnType<typeof search>>['items'][number]} Found */

/**
 * @param {string} q
 * @param {AbortSignal} signal
 */
const search = (q, signal) => get('/api/v1/binary/search', { query: { q, limit: 10 }, signal });

const DELAY_MS = 250;
const MIN_LETTERS = 2;

class TreeSearch extends ViewElement {
  /** @type {(id: string) => void} */
  chosen = () => undefined;
  /** @type {Found[] | null} */
  #found = null;
  /** @type {unknown} */
  #error;
  #request = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {string} text */
  #onInput(text) {
    clearTimeout(this.#timer);
    this.#request.abort();
    if (text.trim().length < MIN_LETTERS) return this.#show(null);
    this.#timer = setTimeout(() => void this.#search(text.trim()), DELAY_MS);
  }

  /** @param {string} text */
  async #search(text) {
    this.#request = new AbortController();
    try {
      this.#show((await search(text, this.#request.signal)).items);
    } catch (error) {
      if (!isAbort(error)) this.#show(null, error);
    }
  }

  /**
   * @param {Found[] | null} found
   * @param {unknown} [error]
   */
  #show(found, error) {
    [this.#found, this.#error] = [found, error];
    this.update();
  }

  view() {
    const onInput = (/** @type {InputEvent} */ event) =>
      this.#onInput(/** @type {HTMLInputElement} */ (event.target).value);
    return h(
      'search',
      { class: 'tree-search' },
      h('label', { class: 'visually-hidden', for: 'tree-search' }, t('tree.search')),
      h('input', { id: 'tree-search', type: 'search', placeholder: t('tree.search'), oninput: onInput, maxlength: 60 }),
      this.#error ? custom('ev-problem', { '.error': this.#error }) : null,
      this.#found
        ? h(
            'ul',
            { class: 'sheet', 'aria-label': t('tree.found') },
            this.#found.length === 0
              ? h('li', { class: 'hint' }, t('tree.nobody'))
              : this.#found.map((one) => this.#entry(one)),
          )
        : null,
    );
  }

  /** @param {Found} found */
  #entry({ user_id: id, name, code, depth }) {
    const choose = () => {
      this.#show(null);
      this.chosen(id);
    };
    return h(
      'li',
      { key: id },
      h(
        'button',
        { type: 'button', onclick: choose },
        h('span', { class: 'grow' }, name),
        h('span', { class: 'hint' }, [code, t('tree.level', { level: depth })].filter(Boolean).join(' · ')),
      ),
    );
  }
}

customElements.define('ev-tree-search', TreeSearch);
