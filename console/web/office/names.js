// Names of users by id, read once for the session and shared by all elements that show them.

import { get } from '../shell/api.js';
import { onSessionChange } from '../shell/session.js';

/** The most ids that the API takes at once. */
const MOST_IDS = 100;

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
 * Reads the names of several users; those that cannot be read are left out.
 * @param {readonly string[]} ids
 * @returns {Promise<Map<string, string>>}
 */
async function readNames(ids) {
  const reads = [];
  for (let at = 0; at < ids.length; at += MOST_IDS) {
    const query = { ids: ids.slice(at, at + MOST_IDS).join(',') };
    reads.push(get('/api/v1/users/names', { query }).catch(() => ({ items: [] })));
  }
  const users = (await Promise.all(reads)).flatMap(({ items }) => items);
  return new Map(users.map(({ id, name }) => [id, name]));
}
