// Long tasks of the platform: each is requested, and read again until it has ended.

import { get } from '../shell/api.js';
import { Resource } from '../shell/resource.js';

/** @typedef {import('../shell/api.js').Answer<'get', '/api/v1/plan/simulations/{id}'>} Simulation */
/**
 * @template R
 * @typedef {{id: string, state: string, percent: number, finished_at?: string | null, result?: R | null}} Task
 */
/**
 * How the tasks of a kind are requested, listed and read.
 * @template R
 * @typedef {{
 *   request: (signal: AbortSignal) => Promise<unknown>,
 *   list: (signal: AbortSignal) => Promise<{items: Task<R>[]}>,
 *   read: (id: string, signal: AbortSignal) => Promise<Task<R>>,
 * }} TaskCalls
 */

/** Milliseconds between two reads of a task. */
const POLL_INTERVAL = 1000;

/**
 * Reads a task until it has ended.
 * @template {{id: string, state: string, percent: number}} T
 * @param {T} task
 * @param {(id: string) => Promise<T>} read
 * @param {AbortSignal} signal
 * @param {(percent: number) => void} [onProgress]
 * @returns {Promise<T>}
 */
async function follow(task, read, signal, onProgress) {
  let current = task;
  while (current.state === 'queued' || current.state === 'running') {
    onProgress?.(current.percent);
    await wait(signal);
    current = await read(current.id);
  }
  return current;
}

/** @param {AbortSignal} signal */
const wait = (signal) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, POLL_INTERVAL);
    const abort = () => {
      clearTimeout(timer);
      reject(new DOMException('aborted', 'AbortError'));
    };
    signal.addEventListener('abort', abort, { once: true });
  });

/**
 * The simulation when it has ended.
 * @param {Simulation} task
 * @param {AbortSignal} signal
 */
export const followSimulation = (task, signal) =>
  follow(task, (id) => get('/api/v1/plan/simulations/{id}', { params: { id }, signal }), signal);

/**
 * The newest task of a kind, when it has ended; null when there is none.
 * @template R
 * @extends {Resource<Task<R> | null>}
 */
export class NewestTask extends Resource {
  /** How much of the running task is done, from 0 to 100. */
  percent = 0;
  #isRequested = false;

  /**
   * @param {import('../shell/view-element.js').ViewElement} host
   * @param {TaskCalls<R>} calls
   */
  constructor(host, calls) {
    super(host, async (signal) => {
      this.percent = 0;
      if (this.#isRequested) {
        this.#isRequested = false;
        await calls.request(signal);
      }
      const { items } = await calls.list(signal);
      const [newest] = items;
      if (!newest) return null;
      return follow(
        newest,
        (id) => calls.read(id, signal),
        signal,
        (percent) => {
          this.percent = percent;
          host.update();
        },
      );
    });
  }

  /** Requests a new task, and reads it until it has ended. */
  request() {
    this.#isRequested = true;
    return this.load();
  }
}
