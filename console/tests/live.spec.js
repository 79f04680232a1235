// Live notifications: one connection for all tabs of a browser, taken over and made again without a loss.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { link, open, see } from './support/actions.js';
import { assertNoFaults, openBrowser, openPerson } from './support/browser.js';
import { addMember, deposit, signInAdministrator } from './support/members.js';
import { api, run, until } from './support/platform.js';
import { money, t } from './support/texts.js';

/** More than the connections that the API allows a member. */
const TABS = 7;
/** The close code of a connection that made room for another one. */
const REPLACED = 4001;
/** A fault that the tests themselves cause. */
const PROVOKED = /WebSocket connection/;

let browser;
let admin;
const people = [];

before(async () => {
  browser = await openBrowser();
  admin = await signInAdministrator();
});

after(() => browser.close());

/**
 * Signs somebody new in, in a browser without a tab. `sockets` gets the connections that its tabs open, each with its
 * `page`; while `isRefusing` holds, a new one is closed at once.
 */
async function enter(name) {
  const session = await addMember(`${name} ${run}`);
  // Whoever is new is welcomed, which is no news of a test.
  await until('a welcome', () => unreadOf({ session }));
  const person = await openPerson(browser, { session });
  people.push(person);
  const entered = { ...person, session, sockets: [], isRefusing: false };
  await person.context.routeWebSocket(/notifications\/stream/, (socket) => {
    if (entered.isRefusing) return void socket.close({ code: 1012 });
    entered.sockets.push(socket);
    socket.connectToServer();
  });
  return entered;
}

const unreadOf = async ({ session }) =>
  (await api('GET', '/notifications/unread-count', { token: session.access_token })).unread;

const notify = ({ session }) => deposit(admin, session, '10.00');

/** Opens the wallet, and waits until its tab has counted what is unread, as it does once it hears of news. */
async function openWallet(page) {
  const counted = page.waitForResponse('**/notifications/unread-count');
  await open(page, '/wallet');
  await counted;
  await see(page, t('wallet.title'));
  await watchMessages(page);
}

const seeAmount = (page, amount) => see(page, page.locator('.figures').getByText(money(amount)));
/** Messages vanish after some seconds, so those that a page has shown are counted. */
const watchMessages = (page) =>
  page.evaluate(() => {
    window.messagesShown = 0;
    new MutationObserver((changes) => {
      window.messagesShown += changes.flatMap(({ addedNodes }) => [...addedNodes]).length;
    }).observe(document.querySelector('.toasts'), { childList: true });
  });
const seeMessages = (page, count) =>
  until(`${count} messages`, async () => (await page.evaluate(() => window.messagesShown)) === count);
const seeUnread = (page, count) => see(page, link(page, t('notifications.unread', { count })));

test('what happened while the stream was cut off is shown when it is connected again', async () => {
  const person = await enter('Usha');
  const { page, sockets } = person;
  await openWallet(page);
  await notify(person);
  await seeMessages(page, 1);
  await seeAmount(page, 10);
  person.isRefusing = true;
  await sockets[0].close({ code: 1012 });
  await notify(person);
  person.isRefusing = false;
  // The second message comes although nobody listened when it was sent.
  await seeMessages(page, 2);
  assert.match(sockets[1].url(), /[?&]after=/);
  await seeAmount(page, 20);
});

test('many tabs share one connection, and each of them hears of everything', async () => {
  const person = await enter('Vasudha');
  const pages = [person.page];
  await openWallet(person.page);
  while (pages.length < TABS) {
    const page = await person.context.newPage();
    pages.push(page);
    await openWallet(page);
  }
  await notify(person);
  await Promise.all(pages.map((page) => seeAmount(page, 10)));
  await Promise.all(pages.map((page) => seeMessages(page, 1)));
  const unread = await unreadOf(person);
  await Promise.all(pages.map((page) => seeUnread(page, unread)));
  assert.equal(person.sockets.length, 1);
});

test('when the tab with the connection is closed, another one goes on from the last message', async () => {
  const person = await enter('Yamini');
  await openWallet(person.page);
  const other = await person.context.newPage();
  await openWallet(other);
  await notify(person);
  await seeMessages(other, 1);
  await person.page.close();
  await notify(person);
  await seeMessages(other, 2);
  await seeAmount(other, 20);
  assert.equal(person.sockets.length, 2);
  assert.match(person.sockets[1].url(), /[?&]after=/);
});

test('a connection that another browser replaced is not made again at once', async () => {
  const person = await enter('Zarina');
  const { page, sockets } = person;
  await page.clock.install();
  await openWallet(page);
  await until('a connection', () => sockets.length === 1);
  await sockets[0].close({ code: REPLACED, reason: 'notification.stream_replaced' });
  await page.clock.runFor(20_000);
  assert.equal(sockets.length, 1);
  await page.clock.runFor(11_000);
  await until('another connection', () => sockets.length === 2);
});

test('no page had a fault besides those that were provoked', () => {
  for (const person of people) assertNoFaults(person, PROVOKED);
});
