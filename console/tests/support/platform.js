// The platform under test: its addresses, its one-time codes, and requests that prepare what a test needs.
//
// EV_URL, EV_MESSAGES_URL (where the sent messages are read), EV_ADMIN and EV_SANDBOX_SECRET describe it; the defaults
// are those of `ev up`.

import { createHmac } from 'node:crypto';
import assert from 'node:assert/strict';

export const url = (process.env.EV_URL ?? 'http://127.0.0.1:8080').replace(/\/$/, '');
const messagesUrl = (process.env.EV_MESSAGES_URL ?? url).replace(/\/$/, '');
const sandboxSecret = process.env.EV_SANDBOX_SECRET ?? 'sandbox-secret';

/** The address of the first administrator. */
export const administrator = process.env.EV_ADMIN ?? 'admin@ev.local';

/** A word that no other run has, for names and addresses. */
export const run = Date.now().toString(36);

const TIMEOUT_MS = 30_000;
const POLL_MS = 50;

/** The first value of `read` that is not empty. `what` says what is waited for. */
export async function until(what, read) {
  const deadline = Date.now() + TIMEOUT_MS;
  for (;;) {
    const value = await read();
    if (value) return value;
    if (Date.now() > deadline)
      assert.fail(`not within ${TIMEOUT_MS / 1000} s: ${typeof what === 'string' ? what : what()}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** The messages that were sent to an address, newest first; those to everybody without one. */
export async function messages(to) {
  const query = to ? `?to=${encodeURIComponent(to)}` : '';
  return (await (await fetch(`${messagesUrl}/dev/messages${query}`)).json()).items;
}

/** The one-time code that is sent to `identifier` because of `ask`. */
export async function newCode(identifier, ask) {
  const newest = async () => (await messages(identifier)).find(({ code }) => code);
  const before = await newest();
  await ask();
  return until(`a code for ${identifier}`, async () => {
    const found = await newest();
    return found && found.sent_at !== before?.sent_at ? found.code : null;
  });
}

/** Sends a request and returns its answer with its status; `form` is a body with files. */
export async function call(method, path, { body, form, token } = {}) {
  const headers = { 'Idempotency-Key': crypto.randomUUID() };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body) headers['Content-Type'] = 'application/json';
  const init = { method, headers, body: form ?? (body && JSON.stringify(body)) };
  const response = await fetch(`${url}/api/v1${path}`, init);
  const text = await response.text();
  return { status: response.status, answer: text ? JSON.parse(text) : null };
}

/** Sends a request that has to succeed. */
export async function api(method, path, options) {
  const { status, answer } = await call(method, path, options);
  assert.ok(status < 300, `${method} ${path}: ${status} ${JSON.stringify(answer)}`);
  return answer;
}

/** Begins a session: `{access_token, refresh_token, user}`. Somebody new is registered with `profile`. */
export async function signIn(identifier, profile = {}) {
  const code = await newCode(identifier, () =>
    until(`a request for a code for ${identifier}`, async () => {
      const { status, answer } = await call('POST', '/auth/otp', { body: { identifier, channel: 'email' } });
      assert.ok(status < 300 || answer.code === 'auth.otp_too_soon', JSON.stringify(answer));
      return status < 300;
    }),
  );
  return api('POST', '/auth/otp/verify', { body: { identifier, code, ...profile } });
}

/** Sends a webhook as the sandbox gateway would. */
export async function sendWebhook(event) {
  const body = JSON.stringify(event);
  const signature = createHmac('sha256', sandboxSecret).update(body).digest('hex');
  const headers = { 'Content-Type': 'application/json', 'X-Sandbox-Signature': signature };
  const response = await fetch(`${url}/api/v1/payments/webhooks/sandbox`, { method: 'POST', headers, body });
  assert.ok(response.ok, `the webhook: ${response.status} ${await response.text()}`);
}

/** Reports a payment, and returns its id at the gateway. */
export async function capture({ order, amount }) {
  const id = `pay_${crypto.randomUUID()}`;
  await sendWebhook({ event: 'payment.captured', order_id: order, gateway_payment_id: id, amount });
  return id;
}
