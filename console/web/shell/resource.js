// Data of a page while it loads, when it is there, and when it cannot be had.

import { custom, h } from './view.js';
import { Problem, isAbort } from './api.js';

/** @typedef {import('./view.js').Child} Child */

/**
 * A value that is read from the API. Its element renders again after each change.
 * @template T
 */
export class Resource {
  /** @type {T | undefined} */
  value;
  /** @type {unknown} */
  error;
  isLoading = false;
  #host;
  #read;
  #attempt = 0;

  /**
   * @param {import('./view-element.js').ViewElement} host
   * @param {(signal: AbortSignal) => Promise<T>} read
   */
  constructor(host, read) {
    this.#host = host;
    this.#read = read;
  }

  /** Reads the value again; the old one stays visible until then. */
  async load() {
    const attempt = ++this.#attempt;
    this.isLoading = true;
    this.#host.update();
    try {
      const value = await this.#read(this.#host.signal);
      if (attempt === this.#attempt) [this.value, this.error] = [value, undefined];
    } catch (error) {
      if (attempt === this.#attempt && !isAbort(error)) this.#fail(error);
    } finally {
      if (attempt === this.#attempt) this.isLoading = false;
      this.#host.update();
    }
  }

  /**
   * A value that is not shown now is read again too when the network is back.
   * @param {unknown} error
   */
  #fail(error) {
    this.error = error;
    if (!(error instanceof Problem && error.isOffline)) return;
    window.addEventListener('online', () => this.retry(), { once: true, signal: this.#host.signal });
  }

  /** Reads the value again, unless that is under way. */
  retry() {
    if (!this.isLoading) void this.load();
  }

  /**
   * Replaces the value, for example by the answer of an action.
   * @param {T} value
   */
  set(value) {
    this.#attempt += 1;
    [this.value, this.error, this.isLoading] = [value, undefined, false];
    this.#host.update();
  }
}

/**
 * What a resource shows: `ready` of its value, a skeleton before, or its problem.
 * @template T
 * @param {Resource<T>} resource
 * @param {(value: T) => Child} ready
 * @param {() => Child} [placeholder]
 * @returns {Child}
 */
export function show(resource, ready, placeholder = skeleton) {
  const problem = resource.error
    ? custom('ev-problem', {
        '.error': resource.error,
        '.retry': () => resource.retry(),
        '.isRetrying': resource.isLoading,
      })
    : null;
  if (resource.value === undefined) return problem ?? placeholder();
  return [problem, ready(resource.value)];
}

/** Grey lines in place of content. */
export const skeleton = () => h('div', { class: 'skeleton', 'aria-busy': 'true' }, h('span'), h('span'), h('span'));
