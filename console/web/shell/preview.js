// What an action would do, read again after each change of its form.

import { h } from './view.js';
import { isAbort } from './api.js';
import { problemText } from './problem.js';
import { t } from '../i18n/i18n.js';

/** A pause after a change, so that typing and moving a slider do not read at each step. */
const DELAY_MS = 300;

/**
 * The last value that was read; it stays until the next one is there. Its element renders again after each change.
 * @template Request, Value
 */
export class Preview {
  /** @type {Value | undefined} */
  value;
  /** @type {unknown} */
  error;
  isLoading = false;
  #host;
  #read;
  #reading = new AbortController();

  /**
   * @param {import('./view-element.js').ViewElement} host
   * @param {(request: Request, signal: AbortSignal) => Promise<Value>} read
   */
  constructor(host, read) {
    this.#host = host;
    this.#read = read;
  }

  /**
   * Reads after a pause; a newer request ends the older one. `null` shows nothing.
   * @param {Request | null} request
   */
  async change(request) {
    this.#reading.abort();
    const reading = new AbortController();
    this.#reading = reading;
    const signal = AbortSignal.any([reading.signal, this.#host.signal]);
    [this.error, this.isLoading] = [undefined, request !== null];
    if (request === null) this.value = undefined;
    this.#host.update();
    if (request === null) return;
    await new Promise((resolve) => setTimeout(resolve, DELAY_MS));
    if (signal.aborted) return;
    try {
      const value = await this.#read(request, signal);
      if (!signal.aborted) this.value = value;
    } catch (error) {
      if (signal.aborted || isAbort(error)) return;
      [this.value, this.error] = [undefined, error];
    }
    if (signal.aborted) return;
    this.isLoading = false;
    this.#host.update();
  }
}

/**
 * What a preview shows: `ready` of its value, its problem, or `hint` before the first request.
 * @template Request, Value
 * @param {Preview<Request, Value>} preview
 * @param {(value: Value) => import('./view.js').Child} ready
 * @param {string} [hint]
 */
export function showPreview({ value, error, isLoading }, ready, hint) {
  const status = isLoading ? t('form.calculating') : value === undefined && !error ? hint : null;
  return h(
    'div',
    { class: 'stack preview', 'aria-live': 'polite', 'aria-busy': isLoading },
    value === undefined ? null : ready(value),
    error ? h('p', { class: 'error' }, problemText(error)) : null,
    status ? h('p', { class: 'hint' }, status) : null,
  );
}
