// Names of users by id, read once for the session and shared by all elements that show them.

import { get } from '../shell/api.js';
import { onSessionChange } from '../shell/session.js';

/** Names that are read at the same time. */
const PARALLEL_READS = 4;

/** @type {Map<string, Promise<string | null>>} */
const names = new Map();
/** @type {Map<string, (name: string | null) => void>} The ids that the next read is for. */
let waiting = new Map();

onSessionChange(() => names.clear());

/**
 * The name of a user; null when it cannot be read, so that the id is shown instead.
 * @param {string} id
 * @returns {Promise<string | null>}
 */
export function nameOf(id) {
  const known = names.get(id);
  if (known) return known;
  /** @type {Promise<string | null>} */
  const name = new Promise((resolve) => {
    // The ids of one rendering are read together.
    if (waiting.size === 0) queueMicrotask(() => void readWaiting());
    waiting.set(id, resolve);
  });
  names.set(id, name);
  return name;
}

async function readWaiting() {
  const asked = waiting;
  waiting = new Map();
  const found = await readNames([...asked.keys()]);
  for (const [id, resolve] of asked) {
    const name = found.get(id) ?? null;
    // A failed read is repeated when the name is next shown.
    if (name === null) names.delete(id);
    resolve(name);
  }
}

/**
 * Reads the names of several users. A call of the API for many ids replaces this function's body.
 * @param {readonly string[]} ids
 * @returns {Promise<Map<string, string>>}
 */
async function readNames(ids) {
  /** @type {Map<string, string>} */
  const found = new Map();
  const left = [...ids];
  const readSome = async () => {
    for (let id = left.shift(); id; id = left.shift()) {
      const user = await get('/api/v1/users/{id}', { params: { id } }).catch(() => null);
      if (user) found.set(id, user.name);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL_READS }, readSome));
  return found;
}
