// Sessions: one for all tabs of a browser, continued by one refresh at a time, and ended everywhere at once.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  button,
  confirm,
  dialog,
  fill,
  heading,
  navigate,
  open,
  see,
  signInByHand,
  tag,
  valueOf,
} from './support/actions.js';
import { assertNoFaults, openBrowser, openPerson } from './support/browser.js';
import { addMember } from './support/members.js';
import { api, newCode, run, signIn, until } from './support/platform.js';
import { t } from './support/texts.js';

let browser;
const people = [];

before(async () => {
  browser = await openBrowser();
});

after(() => browser.close());

/** Signs somebody new in, at the wallet's page; `refreshes` counts the requests for new tokens. */
async function enter(name, change = (session) => session) {
  const session = await addMember(`${name} ${run}`);
  const person = await openPerson(browser, { session: change(session) });
  people.push(person);
  const refreshes = [];
  person.context.on('request', (request) => {
    if (request.url().endsWith('/auth/refresh')) refreshes.push(request.url());
  });
  await open(person.page, '/wallet');
  await see(person.page, t('wallet.empty'));
  return { ...person, session, refreshes };
}

const isSignedIn = (page) => see(page, t('wallet.empty'));
const isSignInPage = (page) => see(page, heading(page, t('sign_in.title')));

/** Has the API refuse the tokens that are in use now, as expired ones. */
async function expire(context, tokens) {
  const headers = { 'WWW-Authenticate': 'Bearer' };
  await context.route('**/api/v1/**', async (route) => {
    const token = (await route.request().allHeaders()).authorization?.replace('Bearer ', '');
    const isRefused = token && tokens.has(token);
    if (!isRefused) return route.fallback();
    return route.fulfill({ status: 401, headers, json: { code: 'auth.token_invalid', status: 401 } });
  });
}

/** The access token that a tab has. */
const tokenOf = (page) => page.evaluate(() => JSON.parse(sessionStorage.getItem('ev.session')).accessToken);

/** Opens one more tab, which takes its session from the others. */
async function openTab({ context }) {
  const page = await context.newPage();
  await open(page, '/wallet');
  await isSignedIn(page);
  return page;
}

test('what a token alone may not do goes on after a new one-time code', async () => {
  const { page, session } = await enter('Sushila');
  // The proof of the sign-in is recent, so the API would not ask.
  let asked = 0;
  await page.route('**/payouts/bank-accounts', (route) => {
    if (route.request().method() !== 'POST' || asked > 0) return route.fallback();
    asked += 1;
    return route.fulfill({ status: 403, json: { code: 'auth.step_up_required', status: 403 } });
  });
  await open(page, '/payouts/bank-accounts');
  await fill(page.locator('ev-form'), {
    [t('account.number')]: '123456789012',
    [t('account.ifsc')]: 'HDFC0001234',
    [t('account.holder_name')]: session.user.name,
    [t('account.bank_name')]: 'HDFC Bank',
  });
  const code = await newCode(session.email, () => button(page, t('account.add')).click());
  await see(page, dialog(page).getByText(session.email));
  await fill(dialog(page), { [t('sign_in.code')]: '000000' });
  await button(dialog(page), t('step_up.prove')).click();
  await see(page, dialog(page).locator('[role=alert], .error').first());
  await fill(dialog(page), { [t('sign_in.code')]: code });
  await button(dialog(page), t('step_up.prove')).click();
  await see(page, page.getByText('xxxxxx9012'));
  const { items } = await api('GET', '/payouts/bank-accounts', { token: session.access_token });
  assert.equal(items.length, 1);
});

test('the e-mail address is changed by a code that is sent to the new one', async () => {
  const { page, session } = await enter('Nalini');
  await open(page, '/profile');
  const part = page.locator('ev-identifiers');
  const next = `new.${session.email}`;
  await fill(part, { [t('identifiers.new')]: next });
  const code = await newCode(next, () => button(part, t('sign_in.send_code')).click());
  await fill(part, { [t('sign_in.code')]: code });
  await button(part, t('identifiers.change')).click();
  await see(page, valueOf(part, t('identifiers.email')).getByText(next));
  assert.equal((await api('GET', '/users/me', { token: session.access_token })).email, next);
});

test('a reload needs no new tokens', async () => {
  const { page, refreshes } = await enter('Asmita');
  for (let times = 0; times < 3; times += 1) await page.reload({ waitUntil: 'domcontentloaded' });
  await isSignedIn(page);
  assert.equal(refreshes.length, 0);
});

test('a new tab takes the session of the others', async () => {
  const person = await enter('Bharti');
  await openTab(person);
  assert.equal(person.refreshes.length, 0);
});

test('a tab without a session elsewhere asks for a sign-in', async () => {
  const { context, page } = await enter('Chaya');
  await page.close();
  const other = await context.newPage();
  await open(other, '/wallet');
  await isSignInPage(other);
});

test('a duplicated tab ends no session', async () => {
  const person = await enter('Divya');
  const copied = await person.page.evaluate(() => ({ ...sessionStorage }));
  const copy = await person.context.newPage();
  await copy.addInitScript((entries) => {
    if (!location.protocol.startsWith('http')) return;
    for (const [key, value] of Object.entries(entries)) sessionStorage.setItem(key, value);
  }, copied);
  await open(copy, '/wallet');
  await isSignedIn(copy);
  await expire(person.context, new Set([await tokenOf(person.page)]));
  await navigate(person.page, '/bookings');
  await see(person.page, t('bookings.empty'));
  await navigate(copy, '/bookings');
  await see(copy, t('bookings.empty'));
  assert.equal(person.refreshes.length, 1);
});

test('tabs whose token expires at the same time ask for one new pair', async () => {
  const person = await enter('Ekta');
  const tabs = [person.page, await openTab(person), await openTab(person)];
  await expire(person.context, new Set([await tokenOf(person.page)]));
  await Promise.all(tabs.map((page) => navigate(page, '/bookings')));
  await Promise.all(tabs.map((page) => see(page, t('bookings.empty'))));
  assert.equal(person.refreshes.length, 1);
  const tokens = await Promise.all(tabs.map(tokenOf));
  assert.equal(new Set(tokens).size, 1, 'all tabs have the new pair');
});

test('a token that is about to expire is renewed before it is used', async () => {
  const { refreshes } = await enter('Farida', (session) => ({ ...session, expires_in: 10 }));
  assert.equal(refreshes.length, 1);
});

test('a sign-out in one tab ends the session in all of them and on the server', async () => {
  const person = await enter('Gauri');
  const other = await openTab(person);
  const token = await tokenOf(person.page);
  await person.page.getByLabel(t('app.settings')).click();
  await button(person.page, t('session.sign_out')).click();
  await Promise.all([isSignInPage(person.page), isSignInPage(other)]);
  const answer = await fetch(`${new URL(person.page.url()).origin}/api/v1/users/me`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  assert.equal(answer.status, 401);
});

test('a session that is ended elsewhere leads to the sign-in, and from there back to the page', async () => {
  const { page, session } = await enter('Hema');
  await navigate(page, '/bookings');
  await see(page, t('bookings.empty'));
  const elsewhere = await signIn(session.email);
  await api('DELETE', '/auth/sessions?except=current', { token: elsewhere.access_token });
  await navigate(page, '/payouts');
  await isSignInPage(page);
  await signInByHand(page, session.email);
  await see(page, t('payouts.empty'));
  assert.equal(new URL(page.url()).pathname, '/payouts');
});

test('a person ends their other sessions, and their own', async () => {
  const { page, session } = await enter('Indira');
  const elsewhere = await signIn(session.email);
  await navigate(page, '/');
  await open(page, '/profile');
  await button(page, t('sessions.end_others')).click();
  await confirm(page, t('sessions.end_others_effect'));
  await until('the end of the other session', async () => {
    const { status } = await fetch(`${new URL(page.url()).origin}/api/v1/users/me`, {
      headers: { Authorization: `Bearer ${elsewhere.access_token}` },
    });
    return status === 401;
  });
  await see(page, tag(page, t('sessions.current')));
  await page
    .locator('ev-sessions li', { hasText: t('sessions.current') })
    .getByRole('button')
    .click();
  await confirm(page, t('sessions.end_current'));
  await isSignInPage(page);
});

test('no page had a fault', () => {
  for (const person of people) assertNoFaults(person);
});
