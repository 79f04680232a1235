// Ways of a payout to the bank: a file in the format of a bank with its answer, and the API of a bank.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { button, confirm, dialog, download, fillDialog, open, row, see, tag } from './support/actions.js';
import { assertNoFaults, openBrowser } from './support/browser.js';
import { addMember, requestPayout } from './support/members.js';
import { openOffice } from './support/office.js';
import { api, run } from './support/platform.js';
import { money, t } from './support/texts.js';

/** The refusal that a test asks for. */
const PROVOKED = /422/;

let browser;
let office;
let staff;
const members = {};

before(async () => {
  browser = await openBrowser();
  office = await openOffice(browser);
  ({ staff } = office);
  for (const name of ['Banked', 'Transferred']) members[name.toLowerCase()] = await addMember(`${name} ${run}`);
});

after(() => browser.close());

test('a batch has the format of the chosen bank, and takes the answer of that bank', async () => {
  const payout = await requestPayout(office.sessions.admin, office.sessions.staff, members.banked);
  const token = office.sessions.staff.access_token;
  await api('POST', `/payouts/${payout.id}/approve`, { token, body: {} });
  const batch = await api('POST', '/payout-batches', { token, body: {} });
  await open(staff, `/office/payout-batches/${batch.id}`);
  // The text of a label around a choice has the names of all choices too.
  const format = staff.getByLabel(t('office.batch.template'), { exact: false });
  await format.selectOption({ label: 'ICICI Bank CIB' });
  await see(staff, t('problem.payout.debit_account_missing'));
  assert.ok(await button(staff, t('office.batch.file')).isDisabled());
  await format.selectOption({ label: 'HDFC Bank ENet' });
  const file = await download(staff, () => button(staff, t('office.batch.file')).click());
  const reference = payout.id.replaceAll('-', '').slice(16).toUpperCase();
  const line = file.content
    .toString()
    .split(/\r?\n/)
    .find((text) => text.includes(reference));
  assert.match(line, /^[INR],,12345678\d{4},950\.00,/);
  // The device remembers the bank.
  await staff.reload();
  await see(staff, staff.getByText(/Customer Reference Number, Transaction Status/));
  const choose = (status) =>
    staff.setInputFiles('input[type=file]', {
      name: 'a.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from(
        `Customer Reference Number,Transaction Status,UTR Number\n${reference},${status},HDFC${run}\n`,
      ),
    });
  await choose('Perhaps');
  await see(staff, staff.locator('ev-batch-answer ev-problem'));
  assert.ok(await button(staff, t('office.batch.settle_open')).isDisabled());
  await choose('Processed');
  await see(staff, row(staff, money(950)).locator(tag(staff, t('payout.status.completed'))));
  await button(staff, t('office.batch.settle_open')).click();
  await confirm(staff, t('office.batch.paid_effect', { count: 1 }));
  await open(staff, `/office/payouts/${payout.id}`);
  await see(staff, staff.locator('ev-payout-lines').getByText(t('payout.line.reference', { reference: `HDFC${run}` })));
});

test('a transfer that the bank refused is asked for again, and a payout that the bank has is not settled by hand', async () => {
  const payout = await requestPayout(office.sessions.admin, office.sessions.staff, members.transferred);
  const token = office.sessions.staff.access_token;
  const transfer = {
    payout_id: payout.id,
    channel: 'razorpayx',
    state: 'refused',
    bank_id: null,
    bank_status: null,
    low_balance: false,
    reason: `Refused in ${run}`,
    conflict: null,
    sent_at: '2026-01-01T00:00:00Z',
    next_attempt_at: null,
    changed_at: '2026-01-01T00:00:00Z',
  };
  // The test platform has no bank; its answers are put in place of those of the API.
  await api('POST', `/payouts/${payout.id}/approve`, { token, body: {} });
  await staff.route('**/api/v1/payout-transfers?*', (route) =>
    route.fulfill({ json: { items: [transfer], next_cursor: null } }),
  );
  await staff.route(`**/api/v1/payouts/${payout.id}`, async (route) => {
    const answer = await (await route.fetch()).json();
    return route.fulfill({ json: { ...answer, transfer } });
  });
  let key;
  await staff.route('**/api/v1/payouts/*/transfer/retry', (route) => {
    key = route.request().headers()['idempotency-key'];
    Object.assign(transfer, { state: 'processing', bank_id: 'pout_1', bank_status: 'processing', reason: null });
    return route.fulfill({ json: transfer });
  });
  await open(staff, '/office/payout-transfers');
  await see(staff, tag(staff, t('office.transfer.state.refused')));
  await row(staff, `Refused in ${run}`).getByRole('link').click();
  await see(staff, button(staff, t('office.payout.failed')));
  await button(staff, t('office.transfer.retry')).click();
  await confirm(staff, t('office.transfer.once_effect'));
  await see(staff, tag(staff, t('office.transfer.state.processing')));
  await see(staff, staff.getByText('pout_1'));
  assert.equal(await button(staff, t('office.payout.failed')).count(), 0);
  assert.match(key, /^[0-9a-f-]{36}$/);
  for (const path of ['payout-transfers?*', `payouts/${payout.id}`, 'payouts/*/transfer/retry']) {
    await staff.unroute(`**/api/v1/${path}`);
  }
});

test('a batch goes by the way that is chosen', async () => {
  await staff.route('**/api/v1/payout-batches/channels', async (route) => {
    const answer = await (await route.fetch()).json();
    return route.fulfill({ json: { ...answer, channels: ['razorpayx', 'manual'] } });
  });
  let sent;
  await staff.route('**/api/v1/payout-batches', (route) => {
    if (route.request().method() !== 'POST') return route.fallback();
    sent = route.request().postDataJSON();
    return route.fulfill({
      status: 422,
      contentType: 'application/problem+json',
      json: { type: 'about:blank', title: 'x', status: 422, code: 'payout.channel_not_configured', detail: 'x' },
    });
  });
  await open(staff, '/office/payout-batches');
  await button(staff, t('office.batch.create')).click();
  await fillDialog(staff, { [t('office.batch.channel')]: t('office.batch.channel.razorpayx') });
  const asked = dialog(staff).locator('ev-confirmation');
  await asked.getByText(t('office.batch.api_effect')).waitFor();
  await asked.locator('footer .primary').click();
  await see(staff, dialog(staff).getByText(t('problem.payout.channel_not_configured')));
  assert.deepEqual(sent, { channel: 'razorpayx' });
  await staff.unroute('**/api/v1/payout-batches/channels');
  await staff.unroute('**/api/v1/payout-batches');
  await staff.keyboard.press('Escape');
});

test('no page of the office had a fault', () => {
  for (const person of office.people) assertNoFaults(person, PROVOKED);
});
