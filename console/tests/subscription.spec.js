// Subscriptions of the read graph by a client that others wrote, in one process and behind the gateway.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { addMember, deposit, signInAdministrator } from './support/members.js';
import { call, run, url } from './support/platform.js';

const START = '00000000-0000-0000-0000-000000000000';
const NOTIFICATIONS = 'subscription($after: ID) { notifications(after: $after) { id title template } }';

let admin;

before(async () => {
  admin = await signInAdministrator();
});

/** A client that connects with this token, and does not try again. */
const connect = (token, options = {}) =>
  createClient({
    url: `${url.replace(/^http/, 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: token ? { Authorization: `Bearer ${token}` } : {},
    retryAttempts: 0,
    ...options,
  });

/** The code with which a connection that does this is closed. */
async function closeCode(client, query = NOTIFICATIONS) {
  const events = client.iterate({ query });
  const error = await events.next().then(
    ({ value }) => assert.fail(JSON.stringify(value)),
    (error) => error,
  );
  return error.code;
}

test('a member gets what came before and what comes, once and in order, and resumes after it', async () => {
  const member = await addMember(`Live ${run}`);
  await deposit(admin, member, '30.00');
  const client = connect(member.access_token);
  const events = client.iterate({ query: NOTIFICATIONS, variables: { after: START } });
  const next = async () => (await events.next()).value.data.notifications;
  const first = [await next()];
  while (first.at(-1).template !== 'deposit') first.push(await next());
  await deposit(admin, member, '40.00');
  const live = await next();
  assert.equal(live.template, 'deposit');
  const ids = [...first, live].map(({ id }) => id);
  assert.deepEqual(ids, [...new Set(ids)].sort());
  // The client closes its connection with its last subscription.
  await events.return();
  const laterClient = connect(member.access_token);
  const resumed = laterClient.iterate({ query: NOTIFICATIONS, variables: { after: first.at(-1).id } });
  assert.deepEqual((await resumed.next()).value.data.notifications, live);
  await laterClient.dispose();
});

test('a query over the connection is refused, and so are a wrong token and none', async () => {
  const member = await addMember(`Asks ${run}`);
  const client = connect(member.access_token);
  const refused = client.iterate({ query: '{ me { id } }' });
  await assert.rejects(refused.next(), (errors) => errors[0].extensions.code === 'graph.post_required');
  await client.dispose();
  assert.equal(await closeCode(connect('made.up.token')), 4403);
  assert.equal(await closeCode(connect()), 4401);
});

test('the connection is closed when the member signs out', async () => {
  const member = await addMember(`Leaves ${run}`);
  const client = connect(member.access_token);
  const events = client.iterate({ query: NOTIFICATIONS, variables: { after: START } });
  await events.next();
  const { status } = await call('POST', '/auth/logout', {
    token: member.access_token,
    body: { refresh_token: member.refresh_token },
  });
  assert.ok(status < 300, `${status}`);
  const ended = async () => {
    for (;;) if ((await events.next()).done) return undefined;
  };
  const error = await ended().then(
    () => undefined,
    (error) => error,
  );
  assert.deepEqual([error?.code, error?.reason], [4403, 'auth.session_ended']);
});
