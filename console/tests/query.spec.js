// Queries of the read graph in the office, and the reference of the API with its events.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { button, field, fill, open, see } from './support/actions.js';
import { assertNoFaults, openBrowser } from './support/browser.js';
import { addMember, deposit } from './support/members.js';
import { openOffice } from './support/office.js';
import { run } from './support/platform.js';
import { t } from './support/texts.js';

let browser;
let office;
let staff;
let member;

before(async () => {
  browser = await openBrowser();
  office = await openOffice(browser);
  ({ staff } = office);
  member = await addMember(`Asked ${run}`);
  await deposit(office.sessions.admin, member, '30.00');
});

after(() => browser.close());

const result = (page) => page.locator('.query-result');

test('an example is chosen and run, and its result is shown', async () => {
  await open(staff, '/office/queries');
  for (const name of ['members', 'bookings', 'payouts', 'balance', 'me']) {
    await fill(staff, { [t('office.query.example')]: t(`office.query.example.${name}`) });
    await button(staff, t('office.query.run')).click();
    await see(staff, result(staff).getByRole('heading', { name: t('office.query.result') }));
    assert.equal(
      await result(staff)
        .getByRole('heading', { name: t('office.query.errors') })
        .count(),
      0,
      name,
    );
  }
});

test('a query of its own reads one member, with variables', async () => {
  await open(staff, '/office/queries');
  await field(staff, t('office.query.query')).fill('query($id: ID!) { user(id: $id) { name wallet { available } } }');
  await field(staff, t('office.query.variables')).fill(JSON.stringify({ id: member.user.id }));
  await button(staff, t('office.query.run')).click();
  await see(staff, result(staff).getByText('"30.00"'));
  await see(staff, result(staff).getByText(`Asked ${run}`));
});

test('a query that fails says why, and variables that are no object are not sent', async () => {
  await open(staff, '/office/queries');
  await field(staff, t('office.query.query')).fill('{ audit_entries { items { id } } me { name } }');
  await button(staff, t('office.query.run')).click();
  await see(staff, result(staff).getByText('audit_entries auth.forbidden'));
  await field(staff, t('office.query.query')).fill('subscription { notifications { title } }');
  await button(staff, t('office.query.run')).click();
  await see(staff, result(staff).getByText(t('problem.graph.websocket_required')));
  await field(staff, t('office.query.variables')).fill('[1]');
  await button(staff, t('office.query.run')).click();
  await see(staff, t('office.query.variables_invalid'));
});

test('the schema is browsed from the root to a type and back', async () => {
  await open(staff, '/office/queries');
  const schema = staff.locator('ev-query-schema');
  await schema.getByRole('button', { name: 'BookingPage', exact: true }).first().click();
  await schema.getByRole('button', { name: '[Booking!]!', exact: true }).click();
  await see(staff, schema.getByText('total_paid'));
  await schema.getByRole('group').getByRole('button', { name: 'Query', exact: true }).click();
  assert.equal(await schema.getByText('total_paid').count(), 0);
});

test('the reference lists the events, and sends a request with a token that stays in memory', async () => {
  const page = await staff.context().newPage();
  await open(page, '/docs');
  const event = page.locator('#event-booking-v1-PaymentCompleted');
  await event.locator('summary').first().click();
  await see(page, event.getByText('amount_paise').first());
  await see(page, event.getByText('wallet', { exact: true }).first());
  const sealed = page.locator('#event-auth-v1-KycDecided');
  await sealed.locator('summary').first().click();
  await see(page, sealed.getByText('encrypted (pan)'));
  const profile = page.locator('#auth-get-api-v1-users-me');
  await profile.locator('summary').first().click();
  await profile.getByRole('button', { name: 'Send' }).click();
  await see(page, profile.getByText('Type an access token'));
  await page.getByLabel('Access token').fill(member.access_token);
  await profile.getByRole('button', { name: 'Send' }).click();
  await see(page, profile.locator('.try-answer').getByText(member.user.id));
  await page.reload();
  assert.equal(await page.getByLabel('Access token').inputValue(), '');
  const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
  assert.ok(!stored.includes(member.access_token));
  await page.close();
});

test('nothing was refused by the content policy, and no script failed', () => {
  for (const person of office.people) assertNoFaults(person);
});
