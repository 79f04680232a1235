// A grievance from its filing to its reopening: the member's pages and those of the office.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  button,
  confirm,
  dialog,
  download,
  fill,
  fillDialog,
  heading,
  open,
  row,
  see,
  tag,
} from './support/actions.js';
import { assertNoFaults, openBrowser, openPerson } from './support/browser.js';
import { addMember, book } from './support/members.js';
import { openOffice } from './support/office.js';
import { run } from './support/platform.js';
import { t } from './support/texts.js';

let browser;
let office;
/** The pages of a member of staff and of a member. */
let staff;
let asha;
let member;
let people;

before(async () => {
  browser = await openBrowser();
  office = await openOffice(browser);
  ({ staff } = office);
  member = await addMember(`Asha Rao ${run}`);
  const own = await openPerson(browser, { session: member });
  asha = own.page;
  people = [...office.people, own];
});

after(() => browser.close());

/** Opens the grievance of the member in the office. */
async function openInOffice(status) {
  await open(staff, `/office/grievances?status=${status}`);
  await row(staff, member.user.name).getByRole('link').first().click();
  await see(staff, heading(staff, /GRV\//));
}

test('a member files a grievance about a booking, and sees the officer', async () => {
  const booking = await book(member);
  await open(asha, `/bookings/${booking.id}`);
  await asha.getByRole('link', { name: t('grievance.file') }).click();
  await see(asha, t('grievance.officer'));
  await see(asha, 'Kavita Rao');
  await see(asha, t('grievance.about_booking'));
  await fill(asha, {
    [t('grievance.category')]: t('grievance.category.delivery'),
    [t('grievance.text')]: `The vehicle of ${run} did not come`,
  });
  await button(asha, t('grievance.file')).click();
  await row(asha, t('grievance.category.delivery')).getByRole('link').first().click();
  await see(asha, heading(asha, /GRV\//));
  await see(asha, tag(asha, t('grievance.status.filed')));
});

test('the office acknowledges, takes, answers, escalates and closes it', async () => {
  await openInOffice('filed');
  await button(staff, t('office.grievance.acknowledge')).click();
  await confirm(staff, t('office.grievance.acknowledge_effect'));
  await see(staff, tag(staff, t('grievance.status.acknowledged')));
  await button(staff, t('office.grievance.assign')).click();
  await confirm(staff, t('office.grievance.assign_effect'));
  await see(staff, t('grievance.step.assigned'));
  await button(staff, t('office.grievance.reply')).click();
  await fillDialog(staff, { [t('office.grievance.reply_text')]: `It comes on Monday, ${run}` });
  await confirm(staff, t('office.grievance.reply_effect'));
  await see(staff, `It comes on Monday, ${run}`);
  await button(staff, t('office.grievance.escalate')).click();
  await fillDialog(staff, { [t('office.reason')]: 'The dealer does not answer' });
  await confirm(staff, t('office.grievance.escalate_effect'));
  await see(staff, tag(staff, t('grievance.escalated')));
  await button(staff, t('office.grievance.close')).click();
  await fillDialog(staff, { [t('office.reason')]: 'It was delivered' });
  await confirm(staff, t('office.grievance.close_effect'));
  await see(staff, tag(staff, t('grievance.status.closed')));
  assert.equal(await button(staff, t('office.grievance.close')).count(), 0);
});

test('the member reads the history and reopens it', async () => {
  await asha.reload();
  await see(asha, `It comes on Monday, ${run}`);
  await see(asha, 'It was delivered');
  await button(asha, t('grievance.reopen')).click();
  await fill(dialog(asha), { [t('grievance.reopen_reason')]: 'Another one was delivered' });
  await button(dialog(asha), t('grievance.reopen')).click();
  await see(asha, tag(asha, t('grievance.status.filed')));
  await see(asha, t('grievance.step.reopened'));
});

test('the register is a file', async () => {
  await open(staff, '/office/grievances');
  const register = await download(staff, () => button(staff, t('office.grievance.register')).click());
  assert.match(register.content.toString(), new RegExp(`The vehicle of ${run} did not come`));
});

test('nothing went wrong', () => people.forEach((person) => assertNoFaults(person)));
