// Vehicles with their options and pictures, the early payment of instalments, and the proof of a delivery.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  button,
  confirm,
  dialog,
  download,
  field,
  fillDialog,
  heading,
  open,
  row,
  see,
  seeSoon,
  tag,
  valueOf,
} from './support/actions.js';
import { assertNoFaults, openBrowser, openPerson } from './support/browser.js';
import { PDF, addMember, payOnline } from './support/members.js';
import { openOffice } from './support/office.js';
import { api, capture, run, until } from './support/platform.js';
import { money, t } from './support/texts.js';

let browser;
let office;
/** The pages of the administrator and of a member of staff. */
let admin;
let staff;
let buyer;
let member;
let vehicle;

const MODEL = `Model ${run}`;
const NAME = `${MODEL} Long`;
const FULL_NAME = `${NAME}, Red, 3 kWh`;

before(async () => {
  browser = await openBrowser();
  office = await openOffice(browser);
  ({ admin, staff } = office);
  buyer = await addMember(`Buyer ${run}`);
  member = await openPerson(browser, { session: buyer });
});

after(() => browser.close());

/** A picture of the page that is open. */
const png = async (page) => ({ name: 'photo.png', mimeType: 'image/png', buffer: await page.screenshot() });
const file = (within) => within.locator('input[type=file]');
const card = (page) => page.locator('.vehicle', { hasText: NAME });

async function openVehicle(page) {
  await open(page, '/office/vehicles');
  await row(page, NAME).getByRole('link').first().click();
  await see(page, heading(page, NAME));
}

test('a vehicle is added with its options, which an administrator changes', async () => {
  await open(admin, '/office/vehicles');
  await button(admin, t('office.vehicle.add')).click();
  await fillDialog(admin, {
    [t('office.vehicle.model')]: MODEL,
    [t('office.vehicle.variant')]: 'Long',
    [t('vehicle.colour')]: 'Red',
    [t('office.vehicle.price_field')]: '60000',
  });
  await confirm(admin, t('office.vehicle.add_effect', { name: NAME, price: money(60000) }));
  await openVehicle(admin);
  await button(admin, t('office.vehicle.options')).click();
  await fillDialog(admin, { [t('vehicle.battery')]: '3 kWh' });
  await confirm(admin, t('office.vehicle.options_effect', { name: FULL_NAME }));
  await see(admin, valueOf(admin, t('vehicle.battery')).getByText('3 kWh'));
  // Staff see the catalogue, and change nothing of it but the stock and the pictures.
  await openVehicle(staff);
  await see(staff, button(staff, t('office.vehicle.adjust')));
  assert.equal(await button(staff, t('office.vehicle.price')).count(), 0);
  const { items } = await api('GET', '/vehicles?limit=100');
  vehicle = items.find(({ model }) => model === MODEL);
});

test('a picture is added by staff, shown in the catalogue and removed', async () => {
  await openVehicle(staff);
  const upload = staff.locator('ev-picture-upload');
  await file(upload).setInputFiles({ name: 'photo.png', mimeType: 'image/png', buffer: PDF });
  await button(upload, t('office.pictures.add')).click();
  await see(staff, upload.getByText(t('problem.booking.picture_invalid')));
  const tooLarge = { name: 'large.png', mimeType: 'image/png', buffer: Buffer.alloc(2 * 1024 * 1024 + 1) };
  await file(upload).setInputFiles(tooLarge);
  await see(staff, upload.getByText(t('office.pictures.too_large')));
  for (const place of [1, 2]) {
    await file(upload).setInputFiles(await png(staff));
    await button(upload, t('office.pictures.add')).click();
    await see(staff, staff.getByRole('img', { name: t('vehicles.picture', { name: FULL_NAME, place }) }));
  }
  await open(member.page, '/vehicles');
  const shown = card(member.page).locator('img');
  await until('the picture', () => shown.evaluate((image) => image.complete && image.naturalWidth > 0));
  await see(member.page, card(member.page).getByText('Red · 3 kWh'));
  const remove = t('office.pictures.remove_name', { place: 1, name: FULL_NAME });
  await button(staff, remove).click();
  await confirm(staff, t('office.pictures.remove_effect'));
  await until('one picture', async () => (await staff.locator('ul.cards img').count()) === 1);
  await card(member.page).getByRole('link').click();
  await see(member.page, heading(member.page, NAME));
});

test('an instalment is paid before it is due, and then all that is left', async () => {
  const { access_token: token } = buyer;
  const body = { vehicle_id: vehicle.id, booking_amount: '500.00', emi_months: 5 };
  const booking = await api('POST', '/bookings', { token, body });
  await payOnline(buyer, booking, '500.00');
  const { page } = member;
  await open(page, `/bookings/${booking.id}`);
  await see(page, page.getByText(t('payoff.about')));
  const [next] = (await api('GET', `/bookings/${booking.id}/payoff`, { token })).instalments;
  assert.equal(next.unpaid, '11900.00');
  await page.getByRole('button', { name: money(11900) }).click();
  await until('the amount', async () => (await field(page, t('pay.amount')).inputValue()) === '11900.00');
  await page.getByRole('button', { name: t('payoff.choose_all', { amount: money(59500) }) }).click();
  await until('the amount', async () => (await field(page, t('pay.amount')).inputValue()) === '59500.00');
  await button(page, t('pay.submit')).click();
  await confirm(page, money(59500));
  const order = await valueOf(page.locator('ev-checkout'), t('checkout.order')).innerText();
  await capture({ order, amount: '59500.00' });
  await seeSoon(page, tag(page, t('booking.status.completed')));
  await see(page, t('emi.paid_of', { count: 5, all: 5 }));
  vehicle.booking = booking;
});

test('a vehicle is delivered with a proof, which the member saves', async () => {
  await open(staff, `/office/bookings/${vehicle.booking.id}`);
  await button(staff, t('office.booking.deliver')).click();
  const chosen = dialog(staff);
  await file(chosen).setInputFiles({ name: 'note.pdf', mimeType: 'application/pdf', buffer: Buffer.from('no PDF') });
  await see(staff, chosen.getByText(t('documents.type')));
  await file(chosen).setInputFiles({ name: 'note.pdf', mimeType: 'application/pdf', buffer: PDF });
  await see(staff, chosen.getByText(t('documents.uploaded')));
  await fillDialog(staff, { [t('booking.vehicle_number')]: `ev-${run}-2` });
  await confirm(staff, vehicle.booking.number);
  await see(staff, tag(staff, t('booking.status.delivered')));
  const save = t('booking.delivery_document_save');
  await see(staff, button(staff, save));
  const { page } = member;
  await open(page, `/bookings/${vehicle.booking.id}`);
  const saved = await download(page, () => button(page, save).click());
  assert.ok(saved.name.endsWith('.pdf') && saved.content.equals(PDF), saved.name);
});

test('no page had a fault', () => [...office.people, member].forEach((person) => assertNoFaults(person, /422/)));
