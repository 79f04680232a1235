// `<ev-tabs>`: tabs of which the open one is in the document, so that a tab loads when it is opened.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { rememberQuery } from '../shell/router.js';

/** @typedef {{name: string, label: string, view: () => import('../shell/view.js').Child}} Tab */

class Tabs extends ViewElement {
  label = '';
  /** @type {readonly Tab[]} */
  tabs = [];
  query = new URLSearchParams();
  #id = crypto.randomUUID();
  #open = '';

  start() {
    this.#open = this.query.get('tab') ?? '';
    // On a narrow screen the tabs scroll.
    requestAnimationFrame(() => this.#scrollToOpen());
  }

  /** @param {string} name */
  #choose(name) {
    this.#open = name;
    rememberQuery({ tab: name });
    this.update();
  }

  #scrollToOpen() {
    this.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }

  /**
   * The arrow keys move between the tabs; Enter opens one, because opening loads it.
   * @param {KeyboardEvent} event
   */
  #onKey(event) {
    const tabs = [...this.querySelectorAll('[role="tab"]')];
    const at = tabs.findIndex((tab) => tab === document.activeElement);
    const targets = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: tabs.length - 1 };
    const target = /** @type {number | undefined} */ (Reflect.get(targets, event.key));
    if (target === undefined) return;
    event.preventDefault();
    const tab = tabs[(target + tabs.length) % tabs.length];
    if (tab instanceof HTMLElement) tab.focus();
  }

  view() {
    const open = this.tabs.find((tab) => tab.name === this.#open) ?? this.tabs[0];
    if (!open) return null;
    return [
      h(
        'div',
        {
          class: 'tabs',
          role: 'tablist',
          'aria-label': this.label,
          onkeydown: (/** @type {KeyboardEvent} */ event) => this.#onKey(event),
        },
        this.tabs.map((tab) =>
          h(
            'button',
            {
              type: 'button',
              role: 'tab',
              id: `${this.#id}-${tab.name}`,
              tabindex: tab === open ? 0 : -1,
              'aria-selected': tab === open,
              'aria-controls': `${this.#id}-panel`,
              onclick: () => this.#choose(tab.name),
            },
            tab.label,
          ),
        ),
      ),
      h(
        'div',
        {
          key: open.name,
          class: 'panel',
          role: 'tabpanel',
          id: `${this.#id}-panel`,
          'aria-labelledby': `${this.#id}-${open.name}`,
        },
        open.view(),
      ),
    ];
  }
}

customElements.define('ev-tabs', Tabs);
