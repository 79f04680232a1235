// The browser of the tests: people in contexts of their own, each watched for faults that no page may have.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { url } from './platform.js';

/** How long a page may take to show something; the machine may be busy. */
const TIMEOUT_MS = 30_000;
const ARGUMENTS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-dev-shm-usage'];

/** Where pictures go; none are taken without it. */
export const pictures = process.env.EV_SCREENSHOTS;

/** @returns {Promise<import('playwright-core').Browser>} */
export const openBrowser = () =>
  chromium.launch({ executablePath: process.env.EV_CHROMIUM ?? '/usr/bin/chromium', args: ARGUMENTS });

/**
 * Opens a browser of one person, whose tabs share a session: with `session`, that of a sign-in over the API. `faults`
 * gets what no page may have: errors, refused content, failed requests, and requests to anybody else.
 */
export async function openPerson(browser, { session, ...options } = {}) {
  const context = await browser.newContext({ locale: 'en-IN', viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(TIMEOUT_MS);
  const faults = [];
  await watch(context, faults);
  const page = await context.newPage();
  if (session) await page.addInitScript(beginSession, pairOf(session));
  return { context, page, faults };
}

const pairOf = ({ access_token, refresh_token, expires_in }) => ({
  accessToken: access_token,
  refreshToken: refresh_token,
  expiresAt: Date.now() + expires_in * 1000,
  generation: 0,
});

/** A refresh token is good once, so only the first document takes the pair; the console keeps the next one itself. */
function beginSession(pair) {
  if (!location.protocol.startsWith('http') || sessionStorage.getItem('test.begun')) return;
  sessionStorage.setItem('test.begun', 'true');
  sessionStorage.setItem('ev.session', JSON.stringify(pair));
}

async function watch(context, faults) {
  const report = (page, text) => faults.push(`${page ? new URL(page.url()).pathname : 'a worker'}: ${text}`);
  await context.exposeBinding('reportViolation', ({ page }, text) => void report(page, `content policy: ${text}`));
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
      window.reportViolation(`${violatedDirective} ${blockedURI}`),
    );
  });
  context.on('weberror', (error) => report(error.page(), error.error().stack));
  context.on('dialog', (dialog) => {
    report(dialog.page(), `dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  context.on('console', (message) => {
    // The browser also writes each answer that is a refusal.
    const isAnswer = message.text().startsWith('Failed to load resource: the server responded');
    if (message.type() === 'error' && !isAnswer) report(message.page(), message.text());
  });
  context.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    const isOwn = origin === new URL(url).origin || protocol === 'blob:' || protocol === 'data:';
    if (!isOwn) report(pageOf(request), `another origin: ${request.url()}`);
  });
  context.on('requestfailed', (request) => {
    // A page that is left gives up its requests.
    const reason = request.failure()?.errorText;
    if (reason !== 'net::ERR_ABORTED') report(pageOf(request), `${reason} ${request.url()}`);
  });
}

/** The page of a request; null for one of a worker. */
function pageOf(request) {
  try {
    return request.frame().page();
  } catch {
    return null;
  }
}

/** Requires that nothing was reported except what a test provoked. */
export function assertNoFaults({ faults }, provoked = /^$/) {
  assert.deepEqual(
    faults.filter((fault) => !provoked.test(fault)),
    [],
  );
}

/** Saves a picture of the page under a name with folders. */
export async function picture(page, name, options = {}) {
  if (!pictures) return;
  const path = join(pictures, `${name}.png`);
  mkdirSync(join(path, '..'), { recursive: true });
  await page.screenshot({ path, ...options });
}
