// The office's work queues: each has its action, with a reason where one is needed.
//
// What waits in the queues is made over the API; the work itself is done in the console.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  button,
  confirm,
  dialog,
  fill,
  fillDialog,
  heading,
  open,
  pick,
  row,
  see,
  seeSoon,
  tag,
  valueOf,
} from './support/actions.js';
import { assertNoFaults, openBrowser } from './support/browser.js';
import { PDF, addDocument, addMember, applyForKyc, book, pay, payOnline, requestPayout } from './support/members.js';
import { openOffice } from './support/office.js';
import { api, capture, run, sendWebhook, until } from './support/platform.js';
import { money, t } from './support/texts.js';

let browser;
let office;
/** The pages of the administrator and of a member of staff. */
let admin;
let staff;
const members = {};

before(async () => {
  browser = await openBrowser();
  office = await openOffice(browser);
  ({ admin, staff } = office);
  for (const name of ['Applicant', 'Payer', 'Earner', 'Large', 'Refunded', 'Buyer']) {
    members[name.toLowerCase()] = await addMember(`${name} ${run}`);
  }
});

after(() => browser.close());

const nameOf = (member) => members[member].user.name;
const reason = `Reason of ${run}`;
const ofMember = (member, method, path, body) => api(method, path, { token: members[member].access_token, body });

test('a KYC application is rejected with a reason, which the member reads', async () => {
  const document = await addDocument(members.applicant);
  await applyForKyc(members.applicant, [document]);
  await seeSoon(staff, staff.locator('nav a[href="/office/kyc"] .badge'));
  await open(staff, '/office/kyc');
  await row(staff, nameOf('applicant')).getByRole('link').click();
  await button(staff, t('office.kyc.reject')).click();
  await fillDialog(staff, { [t('office.reason')]: reason });
  await confirm(staff, t('office.kyc.reject_effect', { name: nameOf('applicant') }), reason);
  await see(staff, tag(staff, t('kyc.status.rejected')));
  const application = await ofMember('applicant', 'GET', '/users/me/kyc');
  assert.deepEqual([application.status, application.reason], ['rejected', reason]);
});

test('one document is verified and another rejected', async () => {
  const kinds = ['address_proof', 'cancelled_cheque'];
  const documents = await Promise.all(kinds.map((kind) => addDocument(members.applicant, kind, PDF)));
  for (const [i, action] of ['verify', 'reject'].entries()) {
    await open(staff, '/office/documents');
    const name = t(`document.kind.${kinds[i]}`);
    await row(staff, nameOf('applicant')).filter({ hasText: name }).getByRole('link', { name }).click();
    await see(staff, heading(staff, name));
    await button(staff, t(`office.document.${action}_name`, { name })).click();
    if (action === 'reject') await fillDialog(staff, { [t('office.reason')]: reason });
    await confirm(staff, t(`office.document.${action}_effect`, { name }));
    await see(staff, tag(staff, t(`document.status.${action === 'verify' ? 'verified' : 'rejected'}`)));
  }
  const read = (id) => ofMember('applicant', 'GET', `/compliance/documents/${id}`);
  const states = await Promise.all(documents.map(async ({ id }) => (await read(id)).status));
  assert.deepEqual(states, ['verified', 'rejected']);
});

test('a bank transfer is confirmed with its reference, and cash that did not come fails', async () => {
  const booking = await book(members.payer);
  const transfer = await pay(members.payer, booking, '300.00', 'bank_transfer');
  const cash = await pay(members.payer, booking, '200.00', 'cash');
  await open(staff, '/office/payments');
  await row(staff, nameOf('payer'))
    .getByRole('link', { name: money(300) })
    .click();
  await button(staff, t('office.payment.confirm')).click();
  await fillDialog(staff, { [t('office.reference')]: 'UTR 1' });
  await confirm(staff, t('office.payment.confirm_effect.bank_transfer', { amount: money(300) }), 'UTR 1');
  await see(staff, tag(staff, t('payment.status.completed')));
  await open(staff, '/office/payments');
  await row(staff, nameOf('payer'))
    .getByRole('link', { name: money(200) })
    .click();
  await button(staff, t('office.payment.fail')).click();
  await fillDialog(staff, { [t('office.reason')]: reason });
  await confirm(staff, t('office.payment.fail_effect', { amount: money(200) }));
  await see(staff, tag(staff, t('payment.status.failed')));
  const states = [transfer, cash].map(async ({ id }) => (await ofMember('payer', 'GET', `/payments/${id}`)).status);
  assert.deepEqual(await Promise.all(states), ['completed', 'failed']);
});

test('a vehicle that is paid in full is delivered with its number, and returned with its refunds', async () => {
  const booking = await book(members.buyer);
  await payOnline(members.buyer, booking, booking.price);
  await open(staff, `/office/bookings/${booking.id}`);
  await button(staff, t('office.booking.deliver')).click();
  await fillDialog(staff, { [t('booking.vehicle_number')]: `ev-${run}-1` });
  await confirm(staff, booking.number);
  await see(staff, tag(staff, t('booking.status.delivered')));
  await see(staff, valueOf(staff, t('booking.vehicle_number')).getByText(`EV-${run}-1`.toUpperCase()));
  await button(staff, t('office.booking.return')).click();
  await fillDialog(staff, { [t('office.reason')]: reason });
  await confirm(staff, t('office.booking.return_effect', { number: booking.number }));
  await see(staff, tag(staff, t('booking.status.returned')));
  await until('the money in the wallet', async () => {
    return (await ofMember('buyer', 'GET', '/wallet')).available === booking.price;
  });
});

test('captures without a place go to a payment and to a wallet, by an administrator', async () => {
  const booking = await book(members.payer);
  const payment = await pay(members.payer, booking, '500.00');
  const ids = await Promise.all([
    capture({ order: `order_${run}_1`, amount: '500.00' }),
    capture({ order: `order_${run}_2`, amount: '123.45' }),
  ]);
  await open(staff, '/office/captures');
  await row(staff, ids[0]).getByRole('link').first().click();
  await see(staff, t('office.capture.admin_hint'));
  await seeSoon(admin, admin.locator('nav a[href="/office/captures"] .badge'));
  await open(admin, '/office/captures');
  await row(admin, ids[0]).getByRole('link').first().click();
  await button(admin, t('office.capture.to_payment')).click();
  const choices = dialog(admin).getByLabel(t('office.payment'));
  await choices.selectOption(payment.id);
  await fillDialog(admin, { [t('office.reason')]: reason });
  await confirm(admin, t('office.capture.payment_effect', { amount: money(500) }), reason);
  await see(admin, t('office.capture.resolved_by'));
  await until('a completed payment', async () => {
    return (await ofMember('payer', 'GET', `/payments/${payment.id}`)).status === 'completed';
  });
  await open(admin, '/office/captures');
  await row(admin, ids[1]).getByRole('link').first().click();
  await button(admin, t('office.capture.to_wallet')).click();
  await pick(dialog(admin), t('office.person'), members.payer.email, nameOf('payer'));
  await fillDialog(admin, { [t('office.reason')]: reason });
  await confirm(admin, t('office.capture.wallet_effect', { amount: money(123.45), name: nameOf('payer') }));
  await see(admin, t('office.capture.wallet_of'));
  await until('the money in the wallet', async () => {
    return (await ofMember('payer', 'GET', '/wallet')).available === '123.45';
  });
});

test('a webhook event that was not used is processed again', async () => {
  await sendWebhook({ event: `unknown.${run}` });
  await open(staff, '/office/captures?tab=events');
  const event = row(staff, `unknown.${run}`);
  await see(staff, tag(event, t('office.events.outcome.unhandled')));
  await event.getByRole('button').click();
  await confirm(staff, t('office.events.retry_effect', { kind: `unknown.${run}` }));
  await see(staff, t('office.done', { action: t('office.events.retry') }));
});

test('a payout is rejected with a reason', async () => {
  const payout = await requestPayout(office.sessions.admin, office.sessions.staff, members.earner);
  await open(staff, '/office/payouts');
  await row(staff, nameOf('earner'))
    .getByRole('link', { name: money(1000) })
    .click();
  await button(staff, t('office.payout.reject')).click();
  await fillDialog(staff, { [t('office.reason')]: reason });
  await confirm(staff, t('office.payout.reject_effect', { amount: money(1000) }), reason);
  await see(staff, tag(staff, t('payout.status.rejected')));
  const { status, reason: given } = await ofMember('earner', 'GET', `/payouts/${payout.id}`);
  assert.deepEqual([status, given], ['rejected', reason]);
});

test('a large payout needs two approvers, is paid, and is returned by the bank', async () => {
  const payout = await requestPayout(office.sessions.admin, office.sessions.staff, members.large, '60000.00');
  await open(staff, '/office/payouts');
  await row(staff, nameOf('large'))
    .getByRole('link', { name: money(60000) })
    .click();
  await button(staff, t('office.payout.approve')).click();
  await confirm(staff, t('office.payout.second_approver'));
  await see(staff, t('office.payout.you_approved'));
  assert.equal(await button(staff, t('office.payout.approve')).count(), 0);
  await open(admin, `/office/payouts/${payout.id}`);
  await button(admin, t('office.payout.approve')).click();
  await confirm(admin, money(57000));
  await button(admin, t('office.payout.paid')).click();
  await fillDialog(admin, { [t('payout.utr')]: 'no reference!' });
  await dialog(admin).locator('footer .primary').click();
  await see(admin, dialog(admin).locator('.field .error'));
  await fillDialog(admin, { [t('payout.utr')]: 'UTR-60' });
  await confirm(admin, t('office.reference.given', { reference: 'UTR-60' }));
  await button(admin, t('office.payout.return')).click();
  await fillDialog(admin, { [t('office.reason')]: reason });
  await confirm(admin, t('office.payout.tds_effect'));
  await see(admin, tag(admin, t('payout.status.reversed')));
  const { history } = await ofMember('large', 'GET', `/payouts/${payout.id}`);
  assert.equal(history.at(-1).status, 'reversed');
});

test('a payment is refunded to its source, with what follows from it', async () => {
  const payment = await payOnline(members.refunded, await book(members.refunded));
  await open(admin, `/office/payments/${payment.id}`);
  await button(admin, t('office.payment.refund')).click();
  await fillDialog(admin, { [t('refund.to')]: t('refund.to.source'), [t('office.reason')]: reason });
  await confirm(admin, t('refund.effect.source', { amount: money(500) }), t('office.payment.refund_effect'));
  await open(admin, '/office/captures?tab=refunds');
  await fill(admin, { [t('booking.status')]: t('refund.status.done') });
  await seeSoon(admin, row(admin, money(500)).locator(tag(admin, t('refund.status.done'))));
});

test('one of the staff proposes the outcome of an unknown refund', async () => {
  // The test gateway knows the outcome of every refund, so the answers of one that does not are given here.
  const refund = {
    id: '01a228fa-5b76-7046-a296-8a0cc3eaff2c',
    payment_id: '01a228fa-5b76-7046-a296-8a0cc3eaff2d',
    user_id: members.refunded.user.id,
    amount: '500.00',
    status: 'sent',
    refund_to: 'source',
    requested_at: '2026-01-01T00:00:00Z',
    unknown_since: '2026-01-01T00:00:00Z',
    proposal: null,
  };
  let sent;
  await staff.route('**/api/v1/refunds?*', (route) => route.fulfill({ json: { items: [refund], next_cursor: null } }));
  await staff.route('**/api/v1/refunds/*/resolve', (route) => {
    sent = { body: route.request().postDataJSON(), key: route.request().headers()['idempotency-key'] };
    return route.fulfill({ json: refund });
  });
  await open(staff, '/office/captures?tab=refunds');
  await button(staff, t('office.refunds.resolve')).click();
  await fillDialog(staff, {
    [t('office.refunds.outcome')]: t('office.refunds.outcome.refunded'),
    [t('office.reference')]: 'rfnd_1',
    [t('office.reason')]: reason,
  });
  await confirm(staff, t('office.refunds.first_effect'));
  assert.deepEqual(sent.body, { outcome: 'refunded', reason, reference: 'rfnd_1' });
  assert.match(sent.key, /^[0-9a-f-]{36}$/);
  await staff.unroute('**/api/v1/refunds?*');
  await staff.unroute('**/api/v1/refunds/*/resolve');
});

test('no page of the office had a fault', () => {
  for (const person of office.people) assertNoFaults(person);
});
