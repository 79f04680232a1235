// Problems: why a request failed, and the text that says so.

import { find, t } from '../i18n/i18n.js';

/** @typedef {{field: string, code: string, detail: string}} FieldProblem */

/** A refused or failed request, from the API's problem document or from the network. */
export class Problem extends Error {
  /**
   * @param {{status: number, code: string, detail?: string, errors?: FieldProblem[], request_id?: string}} document
   * @param {number} [retryAfterSeconds]
   */
  constructor(document, retryAfterSeconds) {
    super(document.detail ?? document.code);
    this.status = document.status;
    this.code = document.code;
    this.errors = document.errors ?? [];
    this.requestId = document.request_id;
    /** The time at which the request may be repeated, for 429 and 503. */
    this.retryAt = retryAfterSeconds === undefined ? undefined : Date.now() + retryAfterSeconds * 1000;
  }

  /** Whether the server was not reached, so that it is unknown whether the request took effect. */
  get isOffline() {
    return this.code === 'network.offline';
  }

  /** Whether the same request may succeed later. */
  get isTemporary() {
    return this.isOffline || this.status === 429 || this.status >= 500;
  }
}

/** The server was not reached. */
export const offline = () => new Problem({ status: 0, code: 'network.offline' });

/**
 * The problem of a response that is not successful.
 * @param {{status: number, headers: {get(name: string): string | null}}} response
 * @param {string} body
 */
export function problemOf(response, body) {
  const retryAfter = Number(response.headers.get('Retry-After') ?? NaN);
  const seconds = Number.isFinite(retryAfter) ? retryAfter : undefined;
  try {
    const document = JSON.parse(body);
    if (typeof document.code === 'string') return new Problem({ ...document, status: response.status }, seconds);
  } catch {
    // A proxy answers with a page of its own.
  }
  return new Problem({ status: response.status, code: `http.${response.status}` }, seconds);
}

/**
 * The text of a problem in the language in use; the API's English where there is no translation.
 * @param {unknown} error
 */
export function problemText(error) {
  if (!(error instanceof Problem)) return t('problem.unexpected');
  const known = find(`problem.${error.code}`);
  if (known) return known;
  if (error.message !== error.code) return error.message;
  return find(`problem.status.${error.status}`) ?? t('problem.unexpected');
}

/**
 * The text of a problem with one field.
 * @param {FieldProblem} field
 */
export const fieldText = (field) => find(`problem.${field.code}`) ?? field.detail;
