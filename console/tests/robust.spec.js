// What may go wrong around a person: no pointer, no network, several tabs, sessions that end, refusals, and names that
// look like markup.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import hindi from '../web/i18n/hi.js';
import { button, dialog, field, heading, navigate, open, pick, see } from './support/actions.js';
import { assertNoFaults, openBrowser, openPerson } from './support/browser.js';
import { pressOn, tabTo } from './support/keyboard.js';
import {
  addMember,
  addPerson,
  applyForKyc,
  book,
  payOnline,
  signInAdministrator,
  signInDemo,
} from './support/members.js';
import { api, newCode, run, until } from './support/platform.js';
import { t } from './support/texts.js';

/** Faults that the tests themselves cause. */
const PROVOKED = /ERR_INTERNET_DISCONNECTED|WebSocket connection/;

let browser;
let admin;
const people = [];

before(async () => {
  browser = await openBrowser();
  admin = await signInAdministrator();
});

after(() => browser.close());

/** Opens a browser of somebody, whose faults count. */
async function enter(session, options = {}) {
  const person = await openPerson(browser, { session, ...options });
  people.push(person);
  return person;
}

/** Signs somebody new in, at the start page. */
async function enterMember(name, options) {
  const session = await addMember(`${name} ${run}`);
  const person = await enter(session, options);
  await open(person.page, '/');
  await see(person.page, heading(person.page, t('home.greeting', { name: session.user.name })));
  return { ...person, session };
}

const isSignInPage = (page) => see(page, heading(page, t('sign_in.title')));
const reload = (page) => page.reload({ waitUntil: 'networkidle' });

test('a person signs in and books a vehicle with the keyboard alone', async () => {
  const { email } = await addMember(`Kamala ${run}`);
  const { page } = await enter();
  await open(page, '/');
  await isSignInPage(page);
  await tabTo(page, 'input', t('sign_in.identifier'));
  await page.keyboard.type(email);
  const ask = async () => {
    const answer = page.waitForResponse('**/api/v1/auth/otp');
    await page.keyboard.press('Enter');
    return (await answer).ok();
  };
  // Asking is refused for a second after the code of the registration.
  const code = await newCode(email, () => until('a sent code', ask));
  // The focus goes to the field for the code by itself.
  await field(page, t('sign_in.code')).waitFor();
  await until('the focus', () => page.evaluate(() => document.activeElement?.getAttribute('name') === 'code'));
  await page.keyboard.type(code);
  await page.keyboard.press('Enter');
  await see(page, t('home.not_placed'));
  await pressOn(page, 'a', t('vehicles.title'));
  await see(page, heading(page, t('vehicles.title')));
  await pressOn(page, 'a', t('vehicles.book'));
  await see(page, t('book.left'));
  await tabTo(page, 'input', t('emi.months', { count: 12 }));
  for (const key of ['Home', 'ArrowRight', 'ArrowRight']) await page.keyboard.press(key);
  await see(page, t('emi.months', { count: 5 }));
  await pressOn(page, 'button', t('book.submit'));
  await see(page, dialog(page).getByText(t('book.effect_emi', { count: 5 })));
  await pressOn(page, 'button', t('book.submit'));
  await see(page, t('booking.about.pre_booked'));
  // A new page is announced from its beginning.
  await until('the focus on the page', () => page.evaluate(() => document.activeElement?.tagName === 'MAIN'));
});

test('a dialog gives the focus back, and Escape closes it', async () => {
  const { page } = await enterMember('Deepa');
  await open(page, '/profile');
  await pressOn(page, 'button', t('sessions.end'));
  await dialog(page).waitFor();
  await page.keyboard.press('Escape');
  await dialog(page).waitFor({ state: 'detached' });
  const name = await page.evaluate(() => document.activeElement.textContent);
  assert.equal(name, t('sessions.end'));
});

test('the tree is walked with the arrow keys', async () => {
  const { page } = await enter(await signInDemo('asha'));
  await open(page, '/tree');
  await see(page, page.getByRole('treeitem'));
  await tabTo(page, 'li', 'Asha');
  const walk = async (key, name) => {
    await page.keyboard.press(key);
    await until(`${name} after ${key}`, () =>
      page.evaluate((text) => document.activeElement?.textContent.startsWith(text), name),
    );
  };
  await walk('ArrowDown', 'Member 1 ');
  await walk('ArrowRight', 'Member 2 ');
  await walk('ArrowDown', 'Member 5 ');
  await walk('ArrowUp', 'Member 2 ');
  await walk('ArrowLeft', 'Member 1 ');
  await walk('Home', 'Asha');
  assert.equal(await page.getByRole('treeitem', { selected: true }).count(), 1);
});

test('a menu closes with Escape and with a click elsewhere', async () => {
  const { page } = await enterMember('Mona');
  const settings = page.locator('.bar .dropdown');
  for (const close of [() => page.keyboard.press('Escape'), () => page.locator('h1').click()]) {
    await settings.locator('summary').click();
    await button(page, t('session.sign_out')).waitFor();
    await close();
    await button(page, t('session.sign_out')).waitFor({ state: 'hidden' });
  }
});

test('without a network the page says so, and reads again when it is back', async () => {
  const { page, context } = await enterMember('Nalini');
  await context.setOffline(true);
  await see(page, page.locator('.banner'));
  await navigate(page, '/wallet');
  await see(page, page.locator('ev-problem').getByText(t('problem.network.offline')));
  await context.setOffline(false);
  await page.locator('.banner').waitFor({ state: 'detached' });
  await page.locator('ev-problem').first().waitFor({ state: 'detached' });
  await see(page, t('wallet.empty'));
});

test('a visitor chooses the language, which the next visit remembers', async () => {
  const { page } = await enter();
  await open(page, '/sign-in');
  await page.getByLabel(t('app.language')).selectOption('hi');
  await see(page, heading(page, hindi['sign_in.title']));
  await reload(page);
  await see(page, heading(page, hindi['sign_in.title']));
  assert.equal(await page.locator('html').getAttribute('lang'), 'hi');
});

test('a page whose files cannot be fetched says so, and offers another try', async () => {
  for (const file of ['main.js', 'app.js', 'base.css']) {
    const { page } = await enter();
    await page.route(`**/${file}`, (route) => route.abort('internetdisconnected'));
    await open(page, '/sign-in');
    const notice = page.getByRole('alert').filter({ hasText: t('problem.network.offline') });
    await see(page, notice);
    await page.unroute(`**/${file}`);
    await notice.getByRole('link', { name: t('action.retry') }).click();
    await isSignInPage(page);
    assert.equal(await notice.count(), 0);
  }
});

test('a name that looks like markup is text everywhere', async () => {
  const asha = await signInDemo('asha');
  const name = `<img src=x onerror=alert(1)> ${run}`;
  const member = await addMember(name, asha.user.referral_code);
  await payOnline(member, await book(member));
  await applyForKyc(member);
  const pages = {
    own: await enter(member),
    referrer: await enter(asha),
    office: await enter(admin),
  };
  for (const [who, address] of [
    ['own', '/'],
    ['own', '/profile'],
    ['referrer', '/referrals'],
    ['referrer', '/tree'],
    ['office', `/office/people?q=${encodeURIComponent(name)}`],
    ['office', `/office/people/${member.user.id}`],
    ['office', '/office/kyc'],
    ['office', '/office/payments?status=completed'],
  ]) {
    const { page } = pages[who];
    await open(page, address);
    if (address === '/tree') await pick(page, t('tree.search'), run, name);
    if (address === '/profile')
      await until(name, async () => (await field(page, t('profile.name')).inputValue()) === name);
    else await see(page, name);
    assert.equal(await page.locator('img[src=x]').count(), 0, address);
  }
});

test('an answer that is not given is shown with its reason, and a repetition succeeds', async () => {
  const { page } = await enterMember('Tara');
  const address = '**/api/v1/wallet/transactions?*';
  const refusals = [
    [503, t('problem.status.503'), 'request.unavailable'],
    [500, t('problem.request.internal'), 'request.internal'],
    [502, t('problem.status.502'), undefined],
  ];
  for (const [status, text, code] of refusals) {
    await page.route(address, (route) =>
      route.fulfill(code ? { status, json: { code, status, request_id: 'r-1' } } : { status, body: '<html></html>' }),
    );
    await open(page, '/wallet');
    await see(page, page.locator('ev-problem').getByText(text));
    await page.unroute(address);
    await button(page, t('action.retry')).first().click();
    await see(page, t('wallet.empty'));
  }
});

test('too many requests are counted down before they can be repeated', async () => {
  const { page } = await enterMember('Rekha');
  const address = '**/api/v1/wallet/transactions?*';
  await page.route(address, (route) =>
    route.fulfill({
      status: 429,
      headers: { 'Retry-After': '3' },
      json: { code: 'gateway.rate_limited', status: 429 },
    }),
  );
  await open(page, '/wallet');
  const retry = button(page, t('action.retry'));
  await see(page, t('problem.retry_in', { seconds: 2 }));
  assert.ok(await retry.isDisabled());
  await see(page, t('problem.retry_in', { seconds: 1 }));
  await page.unroute(address);
  await until('the button', () => retry.isEnabled());
  await retry.click();
  await see(page, t('wallet.empty'));
});

test('what does not exist, or is not allowed, is said', async () => {
  const { page } = await enterMember('Veena');
  await open(page, '/nowhere');
  await see(page, heading(page, t('page.not_found')));
  await page.getByRole('link', { name: t('action.home') }).click();
  await see(page, t('home.not_placed'));
  await open(page, '/bookings/01a228fa-5b76-7046-a296-8a0cc3eaff2c');
  await see(page, t('problem.status.404'));
  await page.route('**/api/v1/wallet', (route) =>
    route.fulfill({ status: 403, json: { code: 'auth.forbidden', status: 403 } }),
  );
  await open(page, '/wallet');
  await see(page, t('problem.status.403'));
  // A page of the office leads a member home.
  await open(page, '/office/audit');
  await see(page, t('home.not_placed'));
});

test('a decision that somebody else made first is refused in its dialog', async () => {
  const staff = await addPerson(admin, 'staff', `Gita ${run}`);
  const application = await applyForKyc(await addMember(`Ila ${run}`));
  const { page } = await enter(staff);
  await open(page, `/office/kyc/${application.id}`);
  await button(page, t('office.kyc.approve')).click();
  await dialog(page).waitFor();
  await api('POST', `/kyc/${application.id}/reject`, { token: admin.access_token, body: { reason: 'Test' } });
  await dialog(page).locator('footer .primary').click();
  await see(page, dialog(page).locator('.problem'));
  await page.keyboard.press('Escape');
  await reload(page);
  await see(page, page.locator('.tag', { hasText: t('kyc.status.rejected') }));
});

test('nothing moves for a person who wants no motion', async () => {
  const { page } = await enterMember('Lila', { reducedMotion: 'reduce', viewport: { width: 320, height: 640 } });
  await page.getByLabel(t('app.menu')).click();
  const moving = await page.evaluate(() => {
    const durations = [...document.querySelectorAll('*')].map((e) => getComputedStyle(e).transitionDuration);
    return [...new Set(durations)].filter((text) => text.split(', ').some((d) => parseFloat(d) > 0));
  });
  assert.deepEqual(moving, []);
  assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
});

test('no page had a fault besides those that were provoked', () => {
  for (const person of people) assertNoFaults(person, PROVOKED);
});
