// Privacy: a member accepts terms, saves a copy of their data and asks for its erasure; an administrator decides.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { button, confirm, download, link, open, row, see, tag } from './support/actions.js';
import { assertNoFaults, openBrowser, openPerson } from './support/browser.js';
import { addMember } from './support/members.js';
import { openOffice } from './support/office.js';
import { api, run } from './support/platform.js';
import { t } from './support/texts.js';

let browser;
let admin;
let asha;
let member;
let people;

before(async () => {
  browser = await openBrowser();
  const office = await openOffice(browser);
  ({ admin } = office);
  member = await addMember(`Privacy ${run}`);
  const own = await openPerson(browser, { session: member });
  asha = own.page;
  people = [...office.people, own];
  const body = { title: `Privacy ${run}`, text: `What we store and why (${run}).` };
  await api('POST', '/terms/privacy', { token: office.sessions.admin.access_token, body });
});

after(() => browser.close());

test('a member accepts the privacy terms once', async () => {
  await open(asha, '/profile');
  await link(asha, t('privacy.link')).click();
  await button(asha, t('privacy.accept')).first().click();
  await confirm(asha, t('distributor.keep_effect'));
  await see(asha, link(asha, t('terms.kind.privacy')));
  const { items } = await api('GET', '/users/me/consents', { token: member.access_token });
  assert.deepEqual(
    items.map(({ kind }) => kind),
    ['privacy'],
  );
});

test('a member saves a copy of their data', async () => {
  const saved = await download(asha, () => button(asha, t('privacy.save')).click());
  assert.equal(saved.name, 'my-data.json');
  const data = JSON.parse(saved.content.toString('utf8'));
  assert.equal(data.profile.name, `Privacy ${run}`);
  assert.deepEqual(data.bookings, []);
  assert.equal(data.accepted_terms.length, 1);
  assert.equal(data.tree, null);
});

test('a member withdraws a request, and asks again', async () => {
  await open(asha, '/privacy');
  await button(asha, t('privacy.request')).click();
  await confirm(asha, t('privacy.retained_effect'));
  await see(asha, tag(asha, t('erasure.status.pending')));
  await button(asha, t('privacy.withdraw')).click();
  await confirm(asha, t('privacy.withdraw_effect'));
  await see(asha, tag(asha, t('erasure.status.withdrawn')));
  await button(asha, t('privacy.request')).click();
  await confirm(asha, t('privacy.erase_effect'));
  await see(asha, tag(asha, t('erasure.status.pending')));
});

test('an administrator erases the data of the member, whose session ends', async () => {
  await open(admin, '/office/erasures');
  await row(admin, `Privacy ${run}`).getByRole('link').first().click();
  await button(admin, t('office.erasure.approve')).click();
  await confirm(admin, t('office.erasure.final_effect'));
  await see(admin, tag(admin, t('erasure.status.done')));
  await asha.goto(asha.url());
  await see(asha, asha.getByRole('heading', { level: 1, name: t('sign_in.title') }));
});

test('no page had a fault', () => {
  for (const person of people) assertNoFaults(person, /401/);
});
