// Sign-in by the links that the demonstration prints: with one click, once.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { heading, link, open, see, signInByHand } from './support/actions.js';
import { assertNoFaults, openBrowser, openPerson } from './support/browser.js';
import { administrator, url } from './support/platform.js';
import { t } from './support/texts.js';

let browser;
/** The addresses of the links in the console under test: of a member, and of the administrator. */
let links;
const people = [];

before(async () => {
  browser = await openBrowser();
  const printed = (process.env.EV_SIGN_IN_LINKS ?? '').split(/\s+/).filter(Boolean);
  assert.equal(printed.length, 2, 'EV_SIGN_IN_LINKS has the two links that the demonstration printed');
  links = printed.map((address) => {
    const { pathname, hash } = new URL(address);
    return `${pathname}${hash}`;
  });
});

after(() => browser.close());

/** Opens a browser of somebody who has not signed in. */
async function enter() {
  const person = await openPerson(browser);
  people.push(person);
  return person;
}

test('a link signs a member in with one click, and leaves no token in the history', async () => {
  const { page } = await enter();
  const sent = [];
  page.on('request', (request) => sent.push(request.url()));
  await open(page, links[0]);
  await see(page, heading(page, t('home.greeting', { name: 'Asha' })));
  assert.equal(page.url(), `${url}/`);
  const token = links[0].split('#')[1];
  assert.deepEqual(
    sent.filter((address) => new URL(address).pathname.includes(token) || new URL(address).search.includes(token)),
    [],
  );
  await page.goBack().catch(() => null);
  assert.ok(!page.url().includes(token), 'the way back does not have the token');
});

test('a link that was used is refused, and leads to the sign-in with a code', async () => {
  const { page } = await enter();
  await open(page, links[0]);
  await see(page, page.getByRole('alert').getByText(t('sign_in.link_gone')));
  assert.equal(page.url(), `${url}/dev-sign-in`);
  await link(page, t('sign_in.with_code')).click();
  await signInByHand(page, administrator);
  await see(page, heading(page, t('office.dashboard.title')));
});

test('a link of the administrator leads to the office', async () => {
  const { page } = await enter();
  await open(page, links[1]);
  await see(page, heading(page, t('office.dashboard.title')));
  await page.reload({ waitUntil: 'commit' });
  await see(page, heading(page, t('office.dashboard.title')));
});

test('no page had a fault', () => {
  for (const person of people) assertNoFaults(person);
});
