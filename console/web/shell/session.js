// Session of the signed-in person, shared by all tabs of the browser.
//
// A tab keeps its pair of tokens in `sessionStorage`, so that a reload needs no refresh: the refresh token is valid once,
// and an answer that a second reload cuts off would be lost with the next one. Only one tab at a time refreshes (Web Lock
// `ev-refresh`) and gives the new pair to the others (BroadcastChannel). A tab that has a session holds the shared lock
// `ev-session`; a new or duplicated tab that sees one asks for the pair instead of sending its own copy of the refresh
// token, whose reuse would end the session.

import { offline, problemOf } from './problem.js';

/** @typedef {{accessToken: string, refreshToken: string, expiresAt: number, generation: number}} Pair */
/** @typedef {'user' | 'staff' | 'admin'} Role */
/** @typedef {{userId: string, sessionId: string, role: Role}} Claims */
/** @typedef {{access_token: string, refresh_token: string, expires_in: number}} Tokens */

const REFRESH_LOCK = 'ev-refresh';
const SESSION_LOCK = 'ev-session';
const PAIR_KEY = 'ev.session';
const GENERATION_KEY = 'ev.generation';
/** How long another tab may take to answer. */
const ASK_TIMEOUT_MS = 2_000;
/** Before its expiry, a token is refreshed early by this much, for slow requests and clocks that differ. */
const EXPIRY_MARGIN_MS = 30_000;

const channel = new BroadcastChannel('ev-session');
const changes = new EventTarget();

/** @type {Pair | null} */
let pair = null;
/** @type {Claims | null} */
let claims = null;
/** @type {(() => void) | null} */
let releaseSessionLock = null;

/** The signed-in person, or null. */
export const currentUser = () => claims;

/** Whether the person works in the office. */
export const isStaff = () => claims?.role === 'staff' || claims?.role === 'admin';

/** For lists that show staff the objects of all members: the own id, to see only one's own as members do. */
export const ownId = () => (isStaff() ? claims?.userId : undefined);

/** Whether the person administers the platform. */
export const isAdmin = () => claims?.role === 'admin';

/**
 * Whether the person may see what is for these people.
 * @param {'public' | 'member' | 'staff' | 'admin'} access
 */
export const canSee = (access) =>
  access === 'public' || (access === 'member' && claims !== null) || (access === 'staff' && isStaff()) || isAdmin();

/**
 * Calls `listener` after each sign-in and sign-out, in whatever tab, until `signal` is aborted.
 * @param {() => void} listener
 * @param {AbortSignal} [signal]
 */
export function onSessionChange(listener, signal) {
  changes.addEventListener('change', listener, { signal });
}

/** Takes the session of another tab, or else continues the one of this tab before it was reloaded. */
export async function restoreSession() {
  await navigator.locks.request(REFRESH_LOCK, async () => {
    if (await isHeldElsewhere()) {
      adopt(await askOtherTabs());
    } else {
      adopt(/** @type {Pair | null} */ (JSON.parse(sessionStorage.getItem(PAIR_KEY) ?? 'null')));
      if (pair && !isFresh(pair)) await refreshWith(pair.refreshToken).catch(() => undefined);
    }
  });
}

/**
 * Begins a session with the tokens of a sign-in.
 * @param {Tokens} tokens
 */
export function startSession(tokens) {
  publish(tokens);
  changes.dispatchEvent(new Event('change'));
}

/**
 * Replaces the access token of the session by a new one, in all tabs.
 * @param {{access_token: string, expires_in: number}} tokens
 */
export function renewAccess(tokens) {
  if (pair) publish({ ...tokens, refresh_token: pair.refreshToken });
}

/** A valid access token, refreshed if needed; null when signed out. */
export async function accessToken() {
  if (pair && isFresh(pair)) return pair.accessToken;
  return pair ? renewToken(pair.accessToken) : null;
}

/** @param {Pair} pair */
const isFresh = ({ expiresAt }) => expiresAt - EXPIRY_MARGIN_MS > Date.now();

/**
 * A new access token in place of `refused`, which the API did not accept; null when the session ended.
 * @param {string} refused
 * @returns {Promise<string | null>}
 */
export async function renewToken(refused) {
  await navigator.locks.request(REFRESH_LOCK, async () => {
    const newest = Number(localStorage.getItem(GENERATION_KEY) ?? 0);
    // Another tab refreshed while this one waited for the lock; its message may still be on the way.
    if (pair && pair.generation < newest) adopt((await askOtherTabs()) ?? pair);
    if (pair && pair.accessToken === refused) await refreshWith(pair.refreshToken);
  });
  return pair?.accessToken ?? null;
}

/** Ends the session on the server and in all tabs. */
export async function signOut() {
  const token = await accessToken().catch(() => null);
  const body = JSON.stringify({ refresh_token: pair?.refreshToken });
  const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` };
  if (token) await fetch('/api/v1/auth/logout', { method: 'POST', headers, body }).catch(() => undefined);
  // What comes later is for whoever signs in next.
  await (await import('./push.js')).forgetPush();
  forgetInAllTabs();
}

/**
 * Forgets the session of `refused` in all tabs, because it has ended on the server. Another session stays.
 * @param {string} refused
 */
export function forgetEnded(refused) {
  if (readClaims(refused).sessionId === claims?.sessionId) forgetInAllTabs();
}

/** @param {string} refreshToken */
async function refreshWith(refreshToken) {
  const body = JSON.stringify({ refresh_token: refreshToken });
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch('/api/v1/auth/refresh', { method: 'POST', headers, body }).catch(() => {
    throw offline();
  });
  const text = await response.text();
  if (response.ok) {
    publish(JSON.parse(text));
  } else if (response.status === 401) {
    forgetInAllTabs();
  } else {
    throw problemOf(response, text);
  }
}

/**
 * Takes new tokens and gives them to the other tabs.
 * @param {Tokens} tokens
 */
function publish(tokens) {
  const generation = Number(localStorage.getItem(GENERATION_KEY) ?? 0) + 1;
  localStorage.setItem(GENERATION_KEY, String(generation));
  // Counted from now, because the browser's clock may be wrong.
  const expiresAt = Date.now() + tokens.expires_in * 1000;
  const next = { accessToken: tokens.access_token, refreshToken: tokens.refresh_token, expiresAt, generation };
  channel.postMessage({ type: 'pair', pair: next });
  adopt(next);
}

/** @param {Pair | null} next */
function adopt(next) {
  if (!next) return;
  pair = next;
  claims = readClaims(next.accessToken);
  sessionStorage.setItem(PAIR_KEY, JSON.stringify(next));
  if (releaseSessionLock) return;
  void navigator.locks.request(SESSION_LOCK, { mode: 'shared' }, () => {
    return new Promise((resolve) => {
      releaseSessionLock = () => resolve(undefined);
    });
  });
}

function forgetInAllTabs() {
  channel.postMessage({ type: 'signed_out' });
  forget();
}

function forget() {
  pair = null;
  claims = null;
  sessionStorage.removeItem(PAIR_KEY);
  releaseSessionLock?.();
  releaseSessionLock = null;
  changes.dispatchEvent(new Event('change'));
}

/** @returns {Promise<boolean>} */
async function isHeldElsewhere() {
  const { held = [] } = await navigator.locks.query();
  return !releaseSessionLock && held.some((lock) => lock.name === SESSION_LOCK);
}

/** @returns {Promise<Pair | null>} */
function askOtherTabs() {
  const newest = Number(localStorage.getItem(GENERATION_KEY) ?? 0);
  return new Promise((resolve) => {
    const answers = new BroadcastChannel('ev-session');
    /** @param {Pair | null} answer */
    const done = (answer) => {
      answers.close();
      resolve(answer);
    };
    answers.onmessage = ({ data }) => {
      if (data.type === 'pair' && data.pair.generation >= newest) done(data.pair);
    };
    answers.postMessage({ type: 'ask' });
    setTimeout(() => done(null), ASK_TIMEOUT_MS);
  });
}

channel.onmessage = (/** @type {MessageEvent} */ { data }) => {
  const wasSignedIn = pair !== null;
  if (data.type === 'ask' && pair) channel.postMessage({ type: 'pair', pair });
  if (data.type === 'signed_out' && pair) forget();
  if (data.type === 'pair' && data.pair.generation > (pair?.generation ?? 0)) {
    const before = claims?.userId;
    adopt(data.pair);
    if (!wasSignedIn || before !== claims?.userId) changes.dispatchEvent(new Event('change'));
  }
};

/**
 * Reads an access token without verifying it; the API verifies it.
 * @param {string} token
 * @returns {Claims}
 */
function readClaims(token) {
  const part = (token.split('.')[1] ?? '').replace(/-/g, '+').replace(/_/g, '/');
  const { sub, sid, role } = JSON.parse(atob(part));
  return { userId: sub, sessionId: sid, role };
}
