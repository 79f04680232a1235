// Lengths of the work queues, as badges of the navigation.

import { get } from '../shell/api.js';
import { setCounts } from '../shell/counts.js';
import { Problem } from '../shell/problem.js';
import { isStaff } from '../shell/session.js';
import { number } from '../i18n/format.js';

/** @typedef {import('../shell/api.js').Answer<'get', '/api/v1/payments/queue-counts'>['items'][number]} Queue */

/** The reads of the counts; all have the same shape. */
const READS = [
  '/api/v1/payments/queue-counts',
  '/api/v1/plan/queue-counts',
  '/api/v1/kyc/queue-counts',
  '/api/v1/distributor-applications/queue-counts',
  '/api/v1/erasure-requests/queue-counts',
  '/api/v1/payouts/queue-counts',
  '/api/v1/compliance/documents/queue-counts',
  '/api/v1/notifications/queue-counts',
];

/**
 * The badges of queues, or of all queues `NAME.…`, whose page has another name; null for what is no work of its own.
 * @type {Map<string, string | null>}
 */
const BADGES = new Map(
  /** @type {[string, string | null][]} */ ([
    ['webhooks', 'captures'],
    ['plans', 'plan'],
    // Part of those that are pending.
    ['payouts.needs_second', null],
    ['payouts.approved', 'batches'],
    ['payouts.processing', null],
    ['transfers', 'batches'],
  ]),
);

const PERIOD_MS = 60_000;

/** @type {readonly Queue[] | null | undefined} */
let queues;

/** The work queues as they were counted last; undefined before the first count, null when it failed. */
export const currentQueues = () => queues;

/** Reads that this platform does not have. */
const absent = new Set();
/** @type {ReturnType<typeof setInterval> | undefined} */
let timer;

/** Counts now, and then every minute while staff are signed in. */
export function startQueues() {
  clearInterval(timer);
  timer = setInterval(() => void countQueues(), PERIOD_MS);
  void countQueues();
}

/** Reads the counts again; a badge stays as it is when its read fails. */
export async function countQueues() {
  if (!isStaff()) return clearInterval(timer);
  if (document.hidden) return;
  const answers = await Promise.all(READS.filter((path) => !absent.has(path)).map(readQueues));
  const read = answers.flat();
  const names = new Set(read.map(({ queue }) => queue));
  // Those that could not be read stay as they were.
  const all = [...(queues ?? []).filter(({ queue }) => !names.has(queue)), ...read];
  queues = all.length > 0 ? all : null;
  setCounts(badges(all));
}

/**
 * @param {string} path
 * @returns {Promise<Queue[]>}
 */
async function readQueues(path) {
  try {
    return (await get(/** @type {'/api/v1/payments/queue-counts'} */ (path))).items;
  } catch (error) {
    if (error instanceof Problem && error.status === 404) absent.add(path);
    return [];
  }
}

/**
 * The text of each badge; several queues of one page are added up.
 * @param {readonly Queue[]} queues
 */
function badges(queues) {
  /** @type {Map<string, {count: number, isCapped: boolean}>} */
  const sums = new Map();
  for (const { queue, count, is_capped: isCapped } of queues) {
    const name = queue.split('.')[0] ?? queue;
    const known = BADGES.get(queue);
    const badge = known === undefined ? (BADGES.get(name) ?? name) : known;
    if (badge === null) continue;
    const sum = sums.get(badge) ?? { count: 0, isCapped: false };
    sums.set(badge, { count: sum.count + count, isCapped: sum.isCapped || isCapped });
  }
  const text = ({ count = 0, isCapped = false }) => (count > 0 ? `${number(count)}${isCapped ? '+' : ''}` : '');
  return Object.fromEntries([...sums].map(([badge, sum]) => [badge, text(sum)]));
}
