// Base class of the console's elements: renders on connection, on demand, and when the language changes.

import { render } from './view.js';
import { onLocaleChange } from '../i18n/i18n.js';

/** @typedef {import('./view.js').Child} Child */

export class ViewElement extends HTMLElement {
  #lifetime = new AbortController();
  #isScheduled = false;

  /** Aborted when the element leaves the document. */
  get signal() {
    return this.#lifetime.signal;
  }

  connectedCallback() {
    this.#lifetime = new AbortController();
    onLocaleChange(() => this.update(), this.signal);
    this.start();
    this.#render();
  }

  disconnectedCallback() {
    this.#lifetime.abort();
  }

  /** Begins loading and listening; everything begun here ends with `signal`. */
  start() {}

  /**
   * The children to show now.
   * @returns {Child}
   */
  view() {
    return null;
  }

  /** Renders soon, once for several calls. */
  update() {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      if (this.isConnected) this.#render();
    });
  }

  #render() {
    render(this, this.view());
  }
}
