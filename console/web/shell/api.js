// Client of the platform's API: tokens, idempotency keys, problems, downloads and uploads.
//
// Paths, parameters, bodies and answers have the types that are generated from the served OpenAPI documents.

import { accessToken, renewToken } from './session.js';
import { Problem, offline, problemOf } from './problem.js';

/** @typedef {import('../../types/api.d.ts').paths} Paths */
/** @typedef {'get' | 'post' | 'put' | 'patch' | 'delete'} Method */
/** @typedef {{params?: Record<string, string | number>, query?: Query, signal?: AbortSignal}} Options */
/** @typedef {Options & {key?: string}} ActionOptions with a `key`, a repetition has the effect of one request */
/** @typedef {Record<string, string | number | boolean | null | undefined>} Query */

/**
 * @template {Method} M
 * @typedef {{[P in keyof Paths]: Paths[P] extends Record<M, {}> ? P : never}[keyof Paths]} PathOf
 */
/**
 * @template {Method} M
 * @template {PathOf<M>} P
 * @typedef {Paths[P] extends Record<M, {responses: infer R}> ? Success<R> : never} Answer
 */
/**
 * @template R
 * @typedef {R extends {200: {content: {'application/json': infer B}}} ? B
 *   : R extends {201: {content: {'application/json': infer B}}} ? B
 *   : R extends {202: {content: {'application/json': infer B}}} ? B : void} Success
 */
/**
 * @template {Method} M
 * @template {PathOf<M>} P
 * @typedef {Paths[P] extends Record<M, {requestBody?: {content: {'application/json': infer B}}}> ? B : undefined} Body
 */

/**
 * Reads a resource.
 * @template {PathOf<'get'>} P
 * @param {P} path
 * @param {Options} [options]
 * @returns {Promise<Answer<'get', P>>}
 */
export const get = (path, options) => json('GET', path, undefined, options);

/**
 * Sends an action.
 * @template {PathOf<'post'>} P
 * @param {P} path
 * @param {Body<'post', P>} body
 * @param {ActionOptions} [options]
 * @returns {Promise<Answer<'post', P>>}
 */
export const post = (path, body, options) => json('POST', path, body, options);

/**
 * @template {PathOf<'put'>} P
 * @param {P} path
 * @param {Body<'put', P>} body
 * @param {ActionOptions} [options]
 * @returns {Promise<Answer<'put', P>>}
 */
export const put = (path, body, options) => json('PUT', path, body, options);

/**
 * @template {PathOf<'patch'>} P
 * @param {P} path
 * @param {Body<'patch', P>} body
 * @param {ActionOptions} [options]
 * @returns {Promise<Answer<'patch', P>>}
 */
export const patch = (path, body, options) => json('PATCH', path, body, options);

/**
 * @template {PathOf<'delete'>} P
 * @param {P} path
 * @param {ActionOptions} [options]
 * @returns {Promise<Answer<'delete', P>>}
 */
export const remove = (path, options) => json('DELETE', path, undefined, options);

/** @typedef {{message: string, path?: (string | number)[], extensions?: {code?: string}}} GraphError */
/** @typedef {{data?: Record<string, unknown> | null, errors?: GraphError[]}} GraphAnswer */

/**
 * Sends a query to the read graph. A field that fails is null, with an error.
 * @param {{query: string, variables?: Record<string, unknown>}} body
 * @param {Options} [options]
 * @returns {Promise<GraphAnswer>}
 */
export const graph = (body, options) => json('POST', '/graphql', body, options);

/**
 * Reads all pages of a short list.
 * @template T
 * @param {(cursor: string | null) => Promise<{items: T[], next_cursor?: string | null}>} read
 */
export async function readAll(read) {
  /** @type {T[]} */
  const items = [];
  /** @type {string | null} */
  let cursor = null;
  do {
    /** @type {{items: T[], next_cursor?: string | null}} */
    const page = await read(cursor);
    items.push(...page.items);
    cursor = page.next_cursor ?? null;
  } while (cursor);
  return items;
}

/**
 * The answer, or null when what was asked for does not exist.
 * @template T
 * @param {Promise<T>} answer
 * @returns {Promise<T | null>}
 */
export async function orNull(answer) {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  }
}

/**
 * Reads a file: its content and the name that the server gives it.
 * @param {PathOf<'get'>} path
 * @param {Options} [options]
 */
export async function file(path, options) {
  const response = await send('GET', path, undefined, options);
  const name = /filename="([^"]+)"/.exec(response.headers.get('Content-Disposition') ?? '')?.[1];
  return { content: await response.blob(), name: name ?? 'file' };
}

/**
 * Saves a file of the API on the person's device.
 * @param {PathOf<'get'>} path
 * @param {Options} [options]
 */
export async function download(path, options) {
  const { content, name } = await file(path, options);
  saveContent(content, name);
}

/**
 * Saves content on the person's device.
 * @param {Blob} content
 * @param {string} name
 */
export function saveContent(content, name) {
  const url = URL.createObjectURL(content);
  Object.assign(document.createElement('a'), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/**
 * Uploads a form with a file, or a file alone with its type; `onProgress` gets the sent part, 0 to 1. `fetch` cannot report progress.
 * @template {PathOf<'post'>} P
 * @param {P} path
 * @param {FormData | Blob} content
 * @param {(part: number) => void} onProgress
 * @param {{key: string, signal: AbortSignal}} options
 * @returns {Promise<Answer<'post', P>>}
 */
export async function upload(path, content, onProgress, { key, signal }) {
  const token = await accessToken();
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', path);
    if (token) request.setRequestHeader('Authorization', `Bearer ${token}`);
    request.setRequestHeader('Idempotency-Key', key);
    request.upload.onprogress = (event) => onProgress(event.loaded / Math.max(event.total, 1));
    request.onerror = () => reject(offline());
    request.onabort = () => reject(new DOMException('aborted', 'AbortError'));
    request.onload = () => {
      if (request.status < 300) return resolve(JSON.parse(request.responseText));
      const headers = { get: (/** @type {string} */ name) => request.getResponseHeader(name) };
      reject(problemOf({ status: request.status, headers }, request.responseText));
    };
    signal.addEventListener('abort', () => request.abort(), { once: true });
    request.send(content);
  });
}

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} body
 * @param {ActionOptions} [options]
 */
async function json(method, path, body, options) {
  const response = await send(method, path, body, options);
  return response.status === 204 ? undefined : response.json();
}

/**
 * Sends a request; once more with a new token when the first is refused, or after a new one-time code was proved.
 * @param {string} method
 * @param {string} path
 * @param {unknown} body
 * @param {ActionOptions} [options]
 * @returns {Promise<Response>}
 */
async function send(method, path, body, options = {}) {
  const token = await accessToken();
  let response = await attempt(method, path, body, options, token);
  if (response.status === 401 && token) {
    const renewed = await renewToken(token);
    if (renewed) response = await attempt(method, path, body, options, renewed);
  }
  if (response.ok) return response;
  const problem = problemOf(response, await response.text());
  if (problem.code !== 'auth.step_up_required') throw problem;
  // Loaded when it is needed, because most people never need it.
  const { stepUp } = await import('./step-up.js');
  if (!(await stepUp())) throw problem;
  response = await attempt(method, path, body, options, await accessToken());
  if (!response.ok) throw problemOf(response, await response.text());
  return response;
}

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} body
 * @param {ActionOptions} options
 * @param {string | null} token
 */
async function attempt(method, path, body, options, token) {
  const headers = new Headers({ Accept: 'application/json' });
  if (body !== undefined) headers.set('Content-Type', 'application/json');
  if (token) headers.set('Authorization', `Bearer ${token}`);
  if (options.key) headers.set('Idempotency-Key', options.key);
  const init = { method, headers, body: body === undefined ? null : JSON.stringify(body), signal: options.signal };
  try {
    return await fetch(address(path, options), /** @type {RequestInit} */ (init));
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw offline();
  }
}

/**
 * @param {string} path
 * @param {Options} options
 */
function address(path, { params = {}, query = {} }) {
  const filled = path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(String(params[name])));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') search.set(name, String(value));
  }
  return search.size > 0 ? `${filled}?${search}` : filled;
}

/** Whether an error says that the request was given up. */
export const isAbort = (/** @type {unknown} */ error) => error instanceof DOMException && error.name === 'AbortError';

export { Problem };
