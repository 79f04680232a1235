// Live notifications and changes over a WebSocket: reconnects by itself, and asks for what came while it was away.
//
// The tabs of a browser share one connection, because the API limits those of a member: the tab that holds the Web Lock
// `ev-live` connects and passes each message on (BroadcastChannel). When it is closed, another tab takes over.

import { get } from './api.js';
import { accessToken, currentUser, forgetEnded, onSessionChange, renewToken } from './session.js';
import { setCounts } from './counts.js';
import { toast } from './toast.js';
import { notificationTexts } from '../i18n/notification.js';

/** @typedef {import('./api.js').Answer<'get', '/api/v1/notifications'>['items'][number]} Notification */
/** @typedef {'wallet' | 'payout' | 'booking' | 'tree' | 'kyc'} Area a part of the person's data */
/** @typedef {(Notification & {type: 'notification'}) | {type: 'changed', of: Area[]}} Message */

/** @typedef {{open: true} | {received: Message}} Shared what the connected tab tells the others */

const CONNECTION_LOCK = 'ev-live';
const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 30_000;
/** The close code of a token that is no longer accepted. */
const POLICY_VIOLATION = 1008;
/** The close code of a member's oldest connection, when one more was opened elsewhere than the API allows. */
const REPLACED = 4001;
/** The reason of a close after signing out, here or elsewhere. */
const SESSION_ENDED = 'auth.session_ended';

/** One action changes several things soon after each other; they are read again once. */
const CHANGE_PAUSE_MS = 500;

const channel = new BroadcastChannel('ev-live');
const events = new EventTarget();
/** Whether this tab is the one that connects. */
let isConnecting = false;
/** @type {WebSocket | null} */
let socket = null;
/** @type {string | null} */
let lastId = null;
/** Whether changes may have been lost since the last connection. */
let hasGap = false;
let delay = FIRST_DELAY_MS;
let counting = 0;

/**
 * Calls `listener` with each notification that comes, until `signal` is aborted.
 * @param {(notification: Notification) => void} listener
 * @param {AbortSignal} signal
 */
export function onNotification(listener, signal) {
  events.addEventListener('notification', (event) => listener(/** @type {CustomEvent} */ (event).detail), { signal });
}

/**
 * Calls `listener` after data of one of the areas has changed, or may have changed, until `signal` is aborted.
 * @param {readonly Area[]} areas
 * @param {() => void} listener
 * @param {AbortSignal} signal
 */
export function onChange(areas, listener, signal) {
  let timer = 0;
  const read = () => {
    clearTimeout(timer);
    timer = setTimeout(listener, CHANGE_PAUSE_MS);
  };
  const changed = (/** @type {Event} */ event) => {
    /** @type {Area[] | null} */
    const of = /** @type {CustomEvent} */ (event).detail;
    if (!of || areas.some((area) => of.includes(area))) read();
  };
  events.addEventListener('changed', changed, { signal });
  signal.addEventListener('abort', () => clearTimeout(timer));
}

/** Connects while somebody is signed in, in one tab of the browser. */
export function startLive() {
  channel.onmessage = ({ data }) => handle(data);
  onSessionChange(() => {
    [lastId, hasGap] = [null, false];
    setCounts({ notifications: 0 });
    socket?.close();
    begin();
  });
  window.addEventListener('online', () => void connect());
  void navigator.locks.request(CONNECTION_LOCK, { ifAvailable: true }, (lock) => {
    if (lock) return holdConnection();
    begin();
    void navigator.locks.request(CONNECTION_LOCK, holdConnection);
    return undefined;
  });
}

/** Connects in this tab until it is closed. */
function holdConnection() {
  isConnecting = true;
  begin();
  return new Promise(() => undefined);
}

/** A tab that does not connect counts what is unread now, because another one is connected already. */
function begin() {
  if (!currentUser()) return;
  if (isConnecting) return void connect();
  hasGap = true;
  void countUnread();
}

async function connect() {
  if (!isConnecting || socket || !currentUser() || !navigator.onLine) return;
  const token = await accessToken().catch(() => null);
  if (!token || socket) return;
  const address = new URL('/api/v1/notifications/stream', location.href);
  address.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  address.searchParams.set('changes', 'true');
  if (lastId) address.searchParams.set('after', lastId);
  socket = new WebSocket(address, ['bearer', token]);
  socket.onopen = () => {
    delay = FIRST_DELAY_MS;
    share({ open: true });
  };
  socket.onmessage = ({ data }) => share({ received: JSON.parse(data) });
  socket.onclose = (closed) => void reconnect(closed, token);
}

/**
 * @param {{code: number, reason: string}} closed
 * @param {string} token
 */
async function reconnect({ code, reason }, token) {
  socket = null;
  if (reason === SESSION_ENDED) forgetEnded(token);
  if (!currentUser()) return;
  if (code === POLICY_VIOLATION) await renewToken(token).catch(() => undefined);
  // Two browsers that took each other's place at once would do nothing else.
  if (code === REPLACED) delay = MAX_DELAY_MS;
  setTimeout(() => void connect(), delay);
  delay = Math.min(delay * 2, MAX_DELAY_MS);
}

/** @param {Shared} shared */
function share(shared) {
  channel.postMessage(shared);
  handle(shared);
}

/** @param {Shared} shared */
function handle(shared) {
  if (!currentUser()) return;
  if ('received' in shared) return receive(shared.received);
  void countUnread();
  // Changes are not stored.
  if (hasGap) tell('changed', null);
  hasGap = true;
}

/** @param {Message} message */
function receive(message) {
  if (message.type === 'changed') return tell('changed', message.of);
  lastId = message.id;
  // Counted by the API, because the last count may have included it already.
  clearTimeout(counting);
  counting = setTimeout(() => void countUnread(), CHANGE_PAUSE_MS);
  toast(notificationTexts(message).title);
  tell('notification', message);
}

/**
 * @param {'notification' | 'changed'} type
 * @param {Notification | Area[] | null} detail for a change, null when anything may have changed
 */
const tell = (type, detail) => void events.dispatchEvent(new CustomEvent(type, { detail }));

/** Reads how many notifications are unread; the badge stays as it is when that fails. */
export async function countUnread() {
  const answer = await get('/api/v1/notifications/unread-count').catch(() => null);
  if (answer) setCounts({ notifications: answer.unread });
}
