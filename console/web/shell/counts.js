// Counts shown as badges: unread notifications, and the length of each work queue.

const changes = new EventTarget();
/** @type {Record<string, number | string>} */
let current = {};

/** The counts by name. */
export const counts = () => current;

/**
 * Replaces some of the counts.
 * @param {Record<string, number | string>} next
 */
export function setCounts(next) {
  current = { ...current, ...next };
  changes.dispatchEvent(new Event('change'));
}

/**
 * Calls `listener` after each change of a count, until `signal` is aborted.
 * @param {() => void} listener
 * @param {AbortSignal} signal
 */
export const onCounts = (listener, signal) => changes.addEventListener('change', listener, { signal });
