// The router of the read graph in front of the separate services: what it answers is what one process with all services
// answers. Run by `scripts/test-console --stack`.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { addMember, addPerson, book, deposit, payOnline, signInAdministrator } from './support/members.js';
import { run, until } from './support/platform.js';

const SERVICES = ['auth', 'binary', 'booking', 'compliance', 'notification', 'payout', 'reports', 'wallet'];
const folder = process.env.GRAPH_ROUTER;
const { port } = new URL(process.env.STACK_GRAPH_URL);
const addresses = Object.fromEntries(
  SERVICES.map((name) => [`${name.toUpperCase()}_ADDR`, new URL(process.env[`STACK_${name.toUpperCase()}_URL`]).host]),
);

let router;
let admin;
let staff;
let member;
let booking;

before(async () => {
  const program = join(folder, 'node_modules/.bin/hive-gateway');
  router = spawn(program, ['supergraph', 'supergraph.graphql', '--host', '127.0.0.1', '--port', port], {
    cwd: folder,
    env: { ...process.env, ...addresses },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  admin = await signInAdministrator();
  staff = await addPerson(admin, 'staff', 'Lata Nair');
  member = await addMember(`Graph ${run}`);
  await deposit(admin, member, '30.00');
  booking = await book(member);
  await payOnline(member, booking);
  const live = `${process.env.STACK_GRAPH_URL}/health/live`;
  await until('the router', async () => (await fetch(live).catch(() => undefined))?.ok);
});

after(() => router?.kill());

/** Sends a query through the gateway. */
async function ask(token, body) {
  const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) };
  const sent = { method: 'POST', headers, body: JSON.stringify(typeof body === 'string' ? { query: body } : body) };
  return fetch(`${process.env.EV_URL}/graphql`, sent);
}
const answerTo = async (...request) => (await ask(...request)).json();

test('one query reads from several services, through the gateway', async () => {
  const query = `{ me { name wallet { available lines(limit: 1) { items { amount why { steps { value } } } } }
    bookings { items { number user { name } payments { amount } } } profile { locale } figures { total_paid }
    notifications { items { title } } payouts { items { id } } documents { items { id } } } }`;
  const { data, errors } = await answerTo(member.access_token, query);
  assert.equal(errors, undefined, JSON.stringify(errors));
  assert.equal(data.me.name, `Graph ${run}`);
  assert.equal(data.me.wallet.available, '30.00');
  assert.equal(data.me.wallet.lines.items[0].amount, '30.00');
  assert.deepEqual(data.me.bookings.items[0].user, { name: `Graph ${run}` });
  assert.equal(data.me.bookings.items[0].payments[0].amount, '500.00');
});

test('the names of all owners of a list come from their own service', async () => {
  const { data, errors } = await answerTo(
    staff.access_token,
    '{ bookings(limit: 20) { items { id user { id name } } } }',
  );
  assert.equal(errors, undefined, JSON.stringify(errors));
  const own = data.bookings.items.find(({ id }) => id === booking.id);
  assert.deepEqual(own.user, { id: member.user.id, name: `Graph ${run}` });
});

test('the owner and role checks are those of the services', async () => {
  const stranger = await addMember(`Stranger ${run}`);
  const query = `{ booking(id: "${booking.id}") { number } user(id: "${member.user.id}") { name wallet { available } } }`;
  const { data, errors } = await answerTo(stranger.access_token, query);
  assert.deepEqual(data, { booking: null, user: null });
  assert.deepEqual(errors.map(({ extensions }) => extensions.code).sort(), ['auth.forbidden', 'request.not_found']);
  const seen = await answerTo(staff.access_token, query);
  assert.equal(seen.data.user.wallet.available, '30.00');
  assert.equal((await ask(null, '{ me { id } }')).status, 401);
  assert.equal((await ask('made.up.token', '{ me { id } }').then((answer) => answer.json())).data?.me ?? null, null);
});

test('limits, persisted queries and the refusal of mutations', async () => {
  const deep = `{ me { bookings { items { user { bookings { items { user { bookings { items { id } } } } } } } } } }`;
  const codes = async (query) => (await answerTo(staff.access_token, query)).errors.map((e) => e.extensions?.code);
  assert.deepEqual(await codes(deep), ['graph.too_deep']);
  const costly = '{ bookings(limit: 500) { items { id payments { id amount } } } }';
  assert.ok((await codes(costly)).includes('graph.too_costly'));
  assert.ok((await answerTo(staff.access_token, 'mutation { me { id } }')).errors.length > 0);
  assert.deepEqual(await codes('subscription { notifications { id } }'), ['graph.websocket_required']);
  const sha256Hash = 'c53d78fa4c9c65a93967d42316fcd207fd611c7cac40a103820a866c3e5dd8f5';
  const extensions = { persistedQuery: { version: 1, sha256Hash } };
  assert.equal((await answerTo(member.access_token, { extensions })).errors[0].message, 'PersistedQueryNotFound');
  for (const body of [{ query: '{ me { id } }', extensions }, { extensions }]) {
    assert.equal((await answerTo(member.access_token, body)).data.me.id, member.user.id);
  }
});
