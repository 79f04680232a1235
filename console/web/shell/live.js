// Live notifications over a WebSocket: reconnects by itself, and asks for what came while it was away.

import { get } from './api.js';
import { accessToken, currentUser, onSessionChange, renewToken } from './session.js';
import { counts, setCounts } from './counts.js';
import { toast } from './toast.js';

/** @typedef {{id: string, kind: string, title: string, body: string, reference: {type: string, id: string}}} Notification */

const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 30_000;
/** The close code of a token that expired or whose session ended. */
const POLICY_VIOLATION = 1008;

const notifications = new EventTarget();
/** @type {WebSocket | null} */
let socket = null;
/** @type {string | null} */
let lastId = null;
let delay = FIRST_DELAY_MS;

/**
 * Calls `listener` with each notification that comes, until `signal` is aborted.
 * @param {(notification: Notification) => void} listener
 * @param {AbortSignal} signal
 */
export function onNotification(listener, signal) {
  notifications.addEventListener('notification', (event) => listener(/** @type {CustomEvent} */ (event).detail), {
    signal,
  });
}

/** Connects while somebody is signed in. */
export function startLive() {
  onSessionChange(() => {
    lastId = null;
    setCounts({ notifications: 0 });
    if (currentUser()) void connect();
    else socket?.close();
  });
  window.addEventListener('online', () => void connect());
  if (currentUser()) void connect();
}

async function connect() {
  if (socket || !currentUser() || !navigator.onLine) return;
  const token = await accessToken().catch(() => null);
  if (!token || socket) return;
  const address = new URL('/api/v1/notifications/stream', location.href);
  address.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  if (lastId) address.searchParams.set('after', lastId);
  socket = new WebSocket(address, ['bearer', token]);
  socket.onopen = () => {
    delay = FIRST_DELAY_MS;
    void countUnread();
  };
  socket.onmessage = ({ data }) => receive(JSON.parse(data));
  socket.onclose = ({ code }) => void reconnect(code, token);
}

/**
 * @param {number} code
 * @param {string} token
 */
async function reconnect(code, token) {
  socket = null;
  if (!currentUser()) return;
  if (code === POLICY_VIOLATION) await renewToken(token).catch(() => undefined);
  setTimeout(() => void connect(), delay);
  delay = Math.min(delay * 2, MAX_DELAY_MS);
}

/** @param {Notification} notification */
function receive(notification) {
  lastId = notification.id;
  setCounts({ notifications: Number(counts()['notifications'] ?? 0) + 1 });
  toast(notification.title);
  notifications.dispatchEvent(new CustomEvent('notification', { detail: notification }));
}

/** Reads how many notifications are unread; the badge stays as it is when that fails. */
export async function countUnread() {
  const answer = await get('/api/v1/notifications/unread-count').catch(() => null);
  if (answer) setCounts({ notifications: answer.unread });
}
