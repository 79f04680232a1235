// Long tasks of the platform: each is requested, and read again until it has ended.

import { get, post } from '../shell/api.js';
import { Resource } from '../shell/resource.js';

/** @typedef {import('../shell/api.js').Answer<'get', '/api/v1/plan/simulations/{id}'>} Simulation */
/** @typedef {'/api/v1/ledger/verifications' | '/api/v1/binary/verifications'} VerificationPath */
/**
 * @template {VerificationPath} P
 * @typedef {import('../shell/api.js').Answer<'get', P>['items'][number]} TaskOf
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
 * The newest verification, when it has ended; null when there is none.
 * @template {VerificationPath} P
 * @extends {Resource<TaskOf<P> | null>}
 */
export class NewestVerification extends Resource {
  /** How much of the running verification is done, from 0 to 100. */
  percent = 0;
  #isRequested = false;

  /**
   * @param {import('../shell/view-element.js').ViewElement} host
   * @param {P} path
   */
  constructor(host, path) {
    super(host, async (signal) => {
      this.percent = 0;
      if (this.#isRequested) {
        this.#isRequested = false;
        await post(path, undefined, { signal });
      }
      const { items } = await get(path, { query: { limit: 1 }, signal });
      const [newest] = /** @type {TaskOf<P>[]} */ (items);
      if (!newest) return null;
      const one = /** @type {'/api/v1/ledger/verifications/{id}'} */ (`${path}/{id}`);
      const read = async (/** @type {string} */ id) =>
        /** @type {TaskOf<P>} */ (await get(one, { params: { id }, signal }));
      return follow(newest, read, signal, (percent) => {
        this.percent = percent;
        host.update();
      });
    });
  }

  /** Requests a new verification, and reads it until it has ended. */
  request() {
    this.#isRequested = true;
    return this.load();
  }
}
