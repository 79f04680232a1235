// The company in the office: vehicles, the plan, tax rules, the ledger, the audit log and the reports.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  button,
  confirm,
  dialog,
  download,
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
import { addMember, deposit } from './support/members.js';
import { openOffice } from './support/office.js';
import { api, run, until } from './support/platform.js';
import { money, t } from './support/texts.js';

let browser;
let office;
/** The pages of the administrator and of a member of staff. */
let admin;
let staff;
let member;

before(async () => {
  browser = await openBrowser();
  office = await openOffice(browser);
  ({ admin, staff } = office);
  member = await addMember(`Member ${run}`);
  await deposit(office.sessions.admin, member, '30.00');
});

after(() => browser.close());

const tab = (page, name) => page.getByRole('tab', { name, exact: true });
const inDays = (count) => new Date(Date.now() + count * 86_400_000).toISOString().slice(0, 10);

test('the dashboard has the totals, and charts by week beside the period before', async () => {
  await open(staff, '/office');
  await see(staff, t('office.dashboard.today'));
  assert.equal(await staff.locator('.tile').count(), 9);
  await fill(staff, {
    [t('office.report.grouping')]: t('office.report.grouping.week'),
  });
  await fill(staff, { [t('office.report.compare')]: t('office.report.compare.true') });
  await see(staff, staff.locator('.charts').getByText(t('office.report.before')));
  assert.equal(await staff.locator('.charts svg').count(), 5);
  // Each chart has its figures as a table: twelve weeks.
  await staff.locator('.charts summary').first().click();
  assert.equal(await staff.locator('.charts details').first().locator('tbody tr').count(), 12);
});

/** Opens the vehicle of this run. */
async function openVehicle(page) {
  await open(page, '/office/vehicles');
  await row(page, `Model ${run}`).getByRole('link').first().click();
  await see(page, heading(page, `Model ${run} Long`));
}

test('a vehicle is added, gets another price, and is taken off sale and put on sale again', async () => {
  await open(admin, '/office/vehicles');
  const name = `Model ${run} Long`;
  await button(admin, t('office.vehicle.add')).click();
  await fillDialog(admin, {
    [t('office.vehicle.model')]: `Model ${run}`,
    [t('office.vehicle.variant')]: 'Long',
    [t('office.vehicle.price_field')]: '90000',
  });
  await confirm(admin, t('office.vehicle.add_effect', { name, price: money(90000) }));
  await openVehicle(admin);
  await button(admin, t('office.vehicle.price')).click();
  await fillDialog(admin, { [t('office.vehicle.price_field')]: '95000' });
  await confirm(admin, t('office.vehicle.price_effect', { before: money(90000), after: money(95000) }));
  await see(admin, valueOf(admin, t('booking.price')).getByText(money(95000)));
  for (const change of ['end', 'begin']) {
    await button(admin, t(`office.vehicle.${change}`)).click();
    await confirm(admin, t(`office.vehicle.${change}_effect`, { price: money(95000) }));
  }
  await see(admin, tag(admin, t('office.vehicle.on_sale')));
  await open(admin, '/office/vehicles');
  await see(admin, row(admin, `Model ${run}`).getByText(money(95000)));
});

test('the stock of a vehicle is adjusted, shown to members, and counted no more', async () => {
  await openVehicle(admin);
  await button(admin, t('office.vehicle.adjust')).click();
  await fillDialog(admin, {
    [t('office.vehicle.adjust_change')]: '1',
    [t('office.vehicle.adjust_reason')]: 'delivery of the factory',
  });
  await confirm(admin, t('office.vehicle.adjust_effect', { before: 0, after: 1 }));
  await see(admin, t('office.vehicle.stock_count', { available: 1, on_hand: 1 }));
  const card = admin.locator('.vehicle', { hasText: `Model ${run}` });
  await open(admin, '/vehicles');
  await see(admin, card.getByText(t('vehicles.left', { count: 1 })));
  const { items } = await api('GET', '/vehicles?limit=100');
  const vehicle = items.find(({ model }) => model === `Model ${run}`);
  const body = { vehicle_id: vehicle.id, booking_amount: '500.00' };
  await api('POST', '/bookings', { token: member.access_token, body });
  await open(admin, '/vehicles');
  await see(admin, card.getByText(t('vehicles.sold_out')));
  assert.equal(await card.getByRole('link').count(), 0);
  await openVehicle(admin);
  await button(admin, t('office.vehicle.uncount')).click();
  await confirm(admin, t('office.vehicle.uncount_effect'));
  await see(admin, t('office.vehicle.stock_uncounted'));
});

test('a plan is simulated, and a version is scheduled and withdrawn', async () => {
  await open(admin, '/office/plan?tab=simulate');
  const form = admin.locator('ev-form');
  await fill(form, { [t('office.plan.pairs.gross')]: '600' });
  await button(admin, t('office.plan.simulate_run')).click();
  await see(admin, row(admin, t('office.plan.total.gross')));
  await see(admin, admin.locator('.result svg'));
  await tab(admin, t('office.plan.edit')).click();
  await fill(form, { [t('office.plan.name')]: `Plan ${run}`, [t('office.plan.pairs.gross')]: '600' });
  const limit = field(admin, t('office.plan.effective_from'));
  await until('the limits', () => limit.getAttribute('min'));
  await limit.fill(`${inDays(5)}T10:00`);
  await button(admin, t('office.next')).click();
  await confirm(
    admin,
    t('office.plan.change', { term: t('office.plan.pairs.gross'), before: money(500), after: money(600) }),
  );
  await tab(admin, t('office.plan.history')).click();
  await see(admin, tag(row(admin, `Plan ${run}`), t('office.plan.planned')));
  await see(admin, admin.locator('nav a[href="/office/plan"] .badge'));
  await row(admin, `Plan ${run}`).getByRole('button').click();
  await confirm(admin, t('office.plan.withdraw_final_effect'));
  await see(admin, tag(row(admin, `Plan ${run}`), t('office.plan.withdrawn')));
  assert.equal(await row(admin, `Plan ${run}`).getByRole('button').count(), 0);
});

test('a tax rule is added for a later day, and the statement of a quarter is a file', async () => {
  await open(admin, '/office/tax');
  await see(admin, tag(admin, t('office.tax.state.in_force')));
  await button(admin, t('office.tax.add')).click();
  await fillDialog(admin, {
    [t('office.tax.id')]: `rule-${run}`,
    [t('tax.section')]: '194H',
    [t('office.tax.rate')]: '4',
    [t('office.tax.no_pan_rate')]: '20',
    [t('office.tax.threshold')]: '15000',
    [t('office.tax.on')]: t('office.tax.on.whole'),
    [t('office.tax.effective_from')]: inDays(40),
  });
  await confirm(admin, t('office.tax.final_effect'), money(15000), t('office.tax.on_effect.whole'));
  const rule = admin.locator('ev-tax-rules li', { hasText: `rule-${run}` });
  await see(admin, tag(rule, t('office.tax.state.planned')));
  await see(admin, rule.getByText(t('office.tax.on.whole')));
  await tab(admin, t('office.tax.deductions')).click();
  const quarter = `Q${Math.floor(((new Date().getMonth() + 9) % 12) / 3) + 1}`;
  const statement = await download(admin, () => button(admin, t(`office.tax.quarter.${quarter}`)).click());
  assert.match(statement.content.toString(), /PAN|pan/);
  // Without deductions there is nothing to report.
  await button(admin, t('office.tax.file', { quarter })).click();
  await see(
    admin,
    admin.locator('.toast, [role=status], [role=alert]').getByText(t('problem.compliance.deductor_incomplete')).first(),
  );
});

test('the ledger has its accounts, its entries, and a trial balance for each day', async () => {
  await open(staff, '/office/ledger');
  await see(staff, row(staff, t('ledger.account.company.bank')));
  await tab(staff, t('office.ledger.entries')).click();
  await fill(staff, { [t('office.ledger.narrow')]: t('wallet.kind.deposit') });
  await row(staff, member.user.name).getByRole('link').first().click();
  await see(staff, heading(staff, t('wallet.kind.deposit')));
  await see(staff, row(staff, t('ledger.account.company.bank')).getByText(money(30)));
  // The platform is a day old, so the points of three days are given here.
  const point = (day, amount) => ({
    as_of: `2026-01-0${day}T18:29:59Z`,
    balances: { 'company:bank': `-${amount}`, 'members:available': amount },
  });
  const points = [point(1, '100.00'), point(2, '200.00'), point(3, '300.00')];
  await staff.route('**/ledger/trial-balance/series?*', (route) =>
    route.fulfill({ json: { first_posted_at: points[0].as_of, points } }),
  );
  await open(staff, '/office/ledger?tab=balance');
  const slider = staff.getByRole('slider');
  for (const [key, amount] of [
    ['End', 300],
    ['ArrowLeft', 200],
    ['Home', 100],
  ]) {
    await slider.press(key);
    await see(staff, row(staff, t('office.ledger.total')).getByText(money(amount)));
  }
  await see(staff, t('office.ledger.even'));
  await staff.unroute('**/ledger/trial-balance/series?*');
});

test('the ledger and the tree are verified', async () => {
  await open(staff, '/office/ledger?tab=verify');
  for (const [name, count] of [
    ['ledger', 'office.verify.entries'],
    ['tree', 'office.verify.members'],
  ]) {
    await button(staff, t(`office.verify.${name}`)).click();
    await see(staff, valueOf(staff, t(count)));
  }
  assert.equal(await staff.getByText(t('office.verify.ok')).count(), 2);
  // The newest verification is shown again, without a new one.
  await open(staff, '/office/ledger?tab=verify');
  await until('both results', async () => (await staff.getByText(t('office.verify.ok')).count()) === 2);
});

test('a simulation of a large tree is followed until it has ended', async () => {
  await open(admin, '/office/plan?tab=simulate');
  let reads = 0;
  const task = (state, result) => ({ id: 'ab', state, percent: 40, result });
  await admin.route('**/plan/simulate', async (route) => {
    const report = await (await route.fetch()).json();
    await admin.route('**/plan/simulations/ab', (read) =>
      read.fulfill({ json: (reads += 1) < 2 ? task('running') : task('done', report) }),
    );
    await route.fulfill({ status: 202, json: task('queued') });
  });
  await button(admin, t('office.plan.simulate_run')).click();
  await see(admin, t('office.plan.result'));
  assert.equal(reads, 2);
  await admin.unroute('**/plan/simulations/ab');
  await admin.unroute('**/plan/simulate');
  await admin.route('**/plan/simulate', (route) => route.fulfill({ status: 202, json: task('failed') }));
  await button(admin, t('office.plan.simulate_run')).click();
  await see(admin, t('office.plan.simulate_failed'));
  await admin.unroute('**/plan/simulate');
});

test('the audit log is narrowed by action, person and subject', async () => {
  await open(admin, '/office/audit');
  const actions = admin.locator('select[name=action]');
  await until('the actions', async () => (await actions.locator('option').count()) > 1);
  await fill(admin, { [t('office.audit.action')]: t('office.audit.action.wallet.deposit') });
  const entry = row(admin, member.user.name);
  await see(admin, entry);
  await entry.getByRole('button', { name: t('office.audit.all') }).click();
  const shown = dialog(admin);
  await see(admin, valueOf(shown, t('wallet.amount')).getByText(money(30)));
  await see(admin, valueOf(shown, t('office.reason')).getByText('Test'));
  await see(admin, valueOf(shown, t('office.person')).getByText(member.user.name));
  await admin.keyboard.press('Escape');
  await shown.waitFor({ state: 'detached' });
  const subject = field(admin, t('office.audit.subject_id'));
  await subject.fill(office.sessions.staff.user.id);
  await subject.press('Enter');
  await see(admin, t('office.audit.empty'));
  await actions.selectOption('');
  await see(admin, row(admin, t('office.audit.action.auth.user.create')));
  await subject.fill('');
  await subject.press('Enter');
  // Nobody but the administrator has done anything here.
  await pick(admin, t('office.audit.actor'), office.sessions.staff.user.name);
  await see(admin, t('office.audit.empty'));
  await see(admin, admin.locator('select[name=action]'));
});

test('no page of the office had a fault', () => {
  for (const person of office.people) assertNoFaults(person);
});
