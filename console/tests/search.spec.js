// The office's search: people, bookings, payments and payouts by their words, in two languages, and what it says when
// nothing is found or the index is not ready.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import hi from '../web/i18n/hi.js';
import officeHi from '../web/i18n/office-hi.js';
import { dialog, heading, open, see } from './support/actions.js';
import { assertNoFaults, openBrowser, openPerson } from './support/browser.js';
import { addMember, book, payOnline, payoutIs, requestPayout } from './support/members.js';
import { openOffice } from './support/office.js';
import { api, call, run, until } from './support/platform.js';
import { money, t } from './support/texts.js';

/** A surname of letters alone, because typos are allowed in those. */
const surname = `Iyer${run.replace(/\d/g, (digit) => 'abcdefghij'[digit])}`;
const utr = `UTR${run.toUpperCase()}7`;

let browser;
let office;
let staff;
let member;
let booking;
let payment;
let payout;

before(async () => {
  browser = await openBrowser();
  office = await openOffice(browser);
  ({ staff } = office);
  const { admin, staff: clerk } = office.sessions;
  member = await addMember(`Savitri ${surname}`);
  booking = await book(member);
  const { id } = await payOnline(member, booking);
  payment = await until('a receipt number', async () => {
    const now = await api('GET', `/payments/${id}`, { token: member.access_token });
    return now.receipt_number && now;
  });
  payout = await requestPayout(admin, clerk, member);
  await api('POST', `/payouts/${payout.id}/approve`, { token: clerk.access_token, body: {} });
  await api('POST', `/payouts/${payout.id}/settle`, { token: clerk.access_token, body: { outcome: 'paid', utr } });
  await payoutIs(member, payout, 'completed');
  await until('the payout in the search', async () => {
    const { answer } = await call('GET', `/search?q=${utr}`, { token: clerk.access_token });
    return answer.items?.length > 0;
  });
});

after(() => browser.close());

const box = (page) => dialog(page).getByRole('combobox');
const group = (page, name) => dialog(page).getByRole('group', { name });

test('each kind is found under its heading and opened by the keyboard', async () => {
  const amount = money(Number(payment.amount));
  for (const [text, label, title, address] of [
    [surname.toLowerCase(), 'office.people.title', member.user.name, `/office/people/${member.user.id}`],
    [booking.number.replaceAll('-', ''), 'bookings.title', booking.number, `/office/bookings/${booking.id}`],
    [payment.receipt_number, 'office.payments.title', payment.receipt_number, `/office/payments/${payment.id}`],
    [utr.toLowerCase(), 'payouts.title', utr, `/office/payouts/${payout.id}`],
  ]) {
    await staff.keyboard.press('Control+k');
    await box(staff).fill(text);
    const option = group(staff, t(label)).getByRole('option', { name: title });
    await option.first().waitFor();
    assert.equal(await group(staff, t(label)).locator('ev-icon svg').count(), 1);
    if (label === 'office.payments.title') await see(staff, option.first().getByText(amount));
    await staff.keyboard.press('Enter');
    await dialog(staff).waitFor({ state: 'detached' });
    await staff.waitForURL(`**${address}`);
  }
});

test('a name is found with a typo', async () => {
  await staff.keyboard.press('Control+k');
  await box(staff).fill(`savirti ${surname}`);
  await see(staff, group(staff, t('office.people.title')).getByRole('option', { name: member.user.name }));
  await staff.keyboard.press('Escape');
});

test('what is not found, too short or not ready is said', async () => {
  await open(staff, '/office');
  await see(staff, heading(staff, t('office.dashboard.title')));
  await staff.keyboard.press('Control+k');
  await box(staff).fill(`q${run} zzqx`);
  await see(staff, dialog(staff).getByText(t('search.nothing', { text: `q${run} zzqx` })));
  // A digit begins the name of no page.
  await box(staff).fill('9');
  await see(staff, dialog(staff).getByText(t('search.more_letters')));
  const problem = { type: 'about:blank', title: 'x', status: 503, detail: 'x', code: 'reports.search_building' };
  await staff.route('**/api/v1/search?*', (route) =>
    route.fulfill({ status: 503, contentType: 'application/problem+json', json: { ...problem, request_id: 'x' } }),
  );
  await box(staff).fill(surname);
  await see(staff, dialog(staff).getByText(t('problem.reports.search_building')));
  await staff.unroute('**/api/v1/search?*');
  await dialog(staff)
    .getByRole('button', { name: t('action.retry') })
    .click();
  await see(staff, dialog(staff).getByRole('option', { name: member.user.name }));
  await staff.keyboard.press('Escape');
});

test('the headings are in the language of the page', async () => {
  const { context, page, faults } = await openPerson(browser, { session: office.sessions.admin });
  await context.addInitScript(() => localStorage.setItem('ev.locale', 'hi'));
  await open(page, '/office');
  await see(page, page.getByRole('heading', { level: 1, name: officeHi['office.dashboard.title'] }));
  await page.keyboard.press('Control+k');
  await box(page).fill(booking.number);
  const found = group(page, hi['bookings.title']).getByRole('option', { name: booking.number });
  await see(page, found);
  assert.deepEqual(faults, []);
});

test('no page of the search had a fault', () => {
  // The browser reports the answer that the test gives itself.
  for (const person of office.people) assertNoFaults(person, /503/);
});
