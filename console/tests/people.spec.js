// The people in the office: found by the search, with all that belongs to them, their rights and their place in the tree.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  button,
  confirm,
  dialog,
  field,
  fill,
  fillDialog,
  heading,
  open,
  pick,
  row,
  see,
  tag,
  valueOf,
} from './support/actions.js';
import { assertNoFaults, openBrowser } from './support/browser.js';
import { addMember, book, deposit, payOnline } from './support/members.js';
import { openOffice } from './support/office.js';
import { run } from './support/platform.js';
import { money, t } from './support/texts.js';

let browser;
let office;
/** The pages of the administrator and of a member of staff. */
let admin;
let staff;
let payer;
let booking;

before(async () => {
  browser = await openBrowser();
  office = await openOffice(browser);
  ({ admin, staff } = office);
  payer = await addMember(`Payer ${run}`);
  booking = await book(payer);
  await payOnline(payer, booking);
});

after(() => browser.close());

const reason = `Reason of ${run}`;

test('the search opens with the keyboard and finds people, bookings and pages', async () => {
  const search = async (keys, text, option) => {
    await staff.keyboard.press(keys);
    await dialog(staff).getByRole('combobox').fill(text);
    await dialog(staff).getByRole('option', { name: option }).waitFor();
    await staff.keyboard.press('Enter');
    await dialog(staff).waitFor({ state: 'detached' });
  };
  await see(staff, heading(staff, t('office.dashboard.title')));
  await search('Control+k', payer.user.name, payer.user.name);
  await see(staff, heading(staff, payer.user.name));
  await search('/', booking.number, booking.number);
  await see(staff, booking.number);
  await search('Control+k', t('office.ledger.title'), t('office.ledger.title'));
  await see(staff, heading(staff, t('office.ledger.title')));
  // What was opened last is offered before anything is typed.
  await staff.keyboard.press('/');
  await see(staff, dialog(staff).getByRole('option', { name: booking.number }));
  await dialog(staff).getByRole('combobox').fill(`nobody ${run}`);
  await see(staff, dialog(staff).getByText(t('search.nothing', { text: `nobody ${run}` })));
  await staff.keyboard.press('Escape');
  await dialog(staff).waitFor({ state: 'detached' });
});

test('a person is found, and each tab of theirs has something to show', async () => {
  await open(staff, '/office/people');
  await field(staff, t('office.people.search')).fill(payer.user.name);
  await staff.waitForURL('**/office/people?q=*');
  await row(staff, payer.user.name).getByRole('link').click();
  await see(staff, heading(staff, payer.user.name));
  const tabs = staff.getByRole('tab');
  assert.equal(await tabs.count(), 10);
  for (const one of await tabs.all()) {
    await one.click();
    await staff.locator('.skeleton, [aria-busy=true]').first().waitFor({ state: 'detached' });
    assert.equal(await staff.locator('ev-problem').count(), 0, await one.innerText());
    assert.notEqual(await staff.getByRole('tabpanel').innerText(), '', await one.innerText());
  }
});

test('an administrator posts to a wallet and changes rights', async () => {
  await deposit(office.sessions.admin, payer, '100.00');
  await open(admin, `/office/people/${payer.user.id}?tab=wallet`);
  await button(admin, t('office.wallet.deduct')).click();
  await fillDialog(admin, { [t('pay.amount')]: '30', [t('office.reason')]: reason });
  await confirm(admin, t('office.wallet.deduct_effect', { amount: money(30), name: payer.user.name }));
  await see(admin, row(admin, t('wallet.type.ADJUSTMENT')).getByText(`-${money(30)}`));
  await see(admin, admin.locator('.figures').getByText(money(70)));
  await admin.getByRole('tab', { name: t('profile.title') }).click();
  for (const change of ['label', 'end_label', 'deactivate', 'activate']) {
    await button(admin, t(`office.user.${change}`)).click();
    await confirm(admin, t(`office.user.${change}_effect`, { name: payer.user.name }));
  }
  await button(admin, t('office.user.change_role')).click();
  await fillDialog(admin, { [t('office.user.role')]: t('office.role.staff') });
  await confirm(admin, t('office.user.sessions_effect'));
  await see(admin, admin.locator('.tags').getByText(t('office.role.staff')));
});

test('the tree of the company is searched and opened from a member', async () => {
  await open(staff, '/office/tree');
  await see(staff, staff.getByRole('tree'));
  await pick(staff, t('tree.search'), payer.user.name);
  await see(staff, staff.locator('ev-tree-details').getByRole('heading', { name: payer.user.name }));
  await staff.getByRole('link', { name: t('office.tree.from_here') }).click();
  await see(staff, t('office.tree.whole'));
});

test('a member is placed by hand where nobody stands', async () => {
  const placed = await addMember(`Placed ${run}`);
  await open(admin, '/office/placements');
  const form = admin.locator('ev-placements-page ev-form');
  await pick(form, t('office.placements.member'), placed.user.name);
  const parent = t('office.placements.parent');
  await pick(form, parent, payer.user.name);
  await fill(form, { [t('office.tree.side')]: t('side.right') });
  await see(admin, form.getByText(t('office.placements.final_effect')));
  await button(admin, t('office.next')).click();
  await confirm(admin, placed.user.name, payer.user.name);
  await see(admin, heading(admin, placed.user.name));
  await see(admin, valueOf(admin, t('office.tree.parent')).getByText(payer.user.name));
  // The place is taken now.
  const other = await addMember(`Other ${run}`);
  await open(admin, '/office/placements');
  await pick(form, t('office.placements.member'), other.user.name);
  await pick(form, parent, payer.user.name);
  await fill(form, { [t('office.tree.side')]: t('side.right') });
  await see(admin, form.locator('.notice.warn', { hasText: placed.user.name }));
});

test('the office cancels a booking after seeing its refunds', async () => {
  await open(staff, `/office/bookings/${booking.id}`);
  await button(staff, t('office.booking.cancel')).click();
  await fillDialog(staff, { [t('refund.to')]: t('refund.to.wallet'), [t('office.reason')]: reason });
  await confirm(staff, t('refund.effect.wallet', { amount: money(500) }));
  await see(staff, tag(staff, t('booking.status.cancelled')));
});

test('no page of the office had a fault', () => {
  for (const person of office.people) assertNoFaults(person);
});
