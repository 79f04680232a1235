// Objects of the demonstration for the pages that show one, and work that waits in every queue of the office.

import assert from 'node:assert/strict';
import {
  PDF,
  addDocument,
  addMember,
  addPerson,
  applyAsDistributor,
  applyForKyc,
  book,
  pay,
  requestPayout,
  signInAdministrator,
  signInDemo,
} from './members.js';
import { api, capture, run, sendWebhook, until } from './platform.js';

/** The addresses of the pages with variable parts, by their path in the tables of pages. */
export async function prepareSamples() {
  const admin = await signInAdministrator();
  const staff = await addPerson(admin, 'staff', `Staff ${run}`);
  const asha = await signInDemo('asha');
  const own = (path) => api('GET', path, { token: asha.access_token });
  const first = async (path) => until(path, async () => (await own(path)).items[0]);
  const forfeit = await forgo(first);
  const [booking, line, payout] = await Promise.all(['/bookings', '/wallet/transactions', '/payouts'].map(first));
  const { items: vehicles } = await own('/vehicles');
  const payment = await first('/payments');
  const office = await prepareOffice(admin, staff);
  const grievance = await api('POST', '/grievances', {
    token: asha.access_token,
    body: { category: 'delivery', text: 'The vehicle did not come.', booking_id: booking.id },
  });
  await api('POST', `/grievances/${grievance.id}/reply`, { token: staff.access_token, body: { text: 'We look.' } });
  const entries = await api('GET', '/ledger/entries', { token: admin.access_token });
  return {
    '/join/:code': `/join/${asha.user.referral_code}`,
    '/terms/:kind': '/terms/distributor',
    '/verify/:code': '/verify/B-00000-00000-00000-00000-00000',
    '/vehicles/:id': `/vehicles/${vehicles[0].id}`,
    '/bookings/:id': `/bookings/${booking.id}`,
    '/payments/return': `/payments/return?payment_id=${payment.id}`,
    '/wallet/:id': `/wallet/${line.id}`,
    '/wallet/forfeits/:id': `/wallet/forfeits/${forfeit.id}`,
    '/payouts/:id': `/payouts/${payout.id}`,
    '/grievances/:id': `/grievances/${grievance.id}`,
    '/office/grievances/:id': `/office/grievances/${grievance.id}`,
    '/office/people/:id': `/office/people/${asha.user.id}`,
    '/office/vehicles/:id': `/office/vehicles/${vehicles[0].id}`,
    '/office/bookings/:id': `/office/bookings/${booking.id}`,
    '/office/ledger/entries/:id': `/office/ledger/entries/${entries.items[0].id}`,
    ...office,
  };
}

/** The address of a page, with its sample. */
export function addressOf({ path }, samples) {
  const address = samples[path] ?? (path.includes(':') ? null : path);
  assert.ok(address, `prepareSamples gives no address for ${path}`);
  return address;
}

/** A payment from a wallet earns the referrer nothing, which she can read. */
async function forgo(first) {
  const member = await signInDemo('member1');
  const { items } = await api('GET', '/bookings', { token: member.access_token });
  await pay(member, items[0], '100.00', 'wallet');
  return first('/wallet/forfeits');
}

async function prepareOffice(admin, staff) {
  const applicant = await addMember(`Applicant ${run}`);
  const documents = [await addDocument(applicant), await addDocument(applicant, 'address_proof', PDF)];
  const application = await applyForKyc(applicant, documents);
  const distributor = await applyAsDistributor(admin, applicant);
  const erasure = await api('POST', '/users/me/erasure-request', { token: applicant.access_token });
  const payment = await pay(applicant, await book(applicant), '500.00', 'bank_transfer');
  const captured = await capture({ order: `order_${run}`, amount: '321.00' });
  await sendWebhook({ event: `unknown.${run}` });
  const [sent, waiting] = [await addMember(`Sent ${run}`), await addMember(`Waiting ${run}`)];
  const toSend = await requestPayout(admin, staff, sent);
  await api('POST', `/payouts/${toSend.id}/approve`, { token: staff.access_token, body: {} });
  const batch = await api('POST', '/payout-batches', { token: staff.access_token, body: {} });
  const payout = await requestPayout(admin, staff, waiting, '60000.00');
  return {
    '/office/kyc/:id': `/office/kyc/${application.id}`,
    '/office/distributors/:id': `/office/distributors/${distributor.id}`,
    '/office/erasures/:id': `/office/erasures/${erasure.id}`,
    '/office/documents/:id': `/office/documents/${documents[0].id}`,
    '/office/payments/:id': `/office/payments/${payment.id}`,
    '/office/captures/:gateway/:id': `/office/captures/sandbox/${captured}`,
    '/office/payouts/:id': `/office/payouts/${payout.id}`,
    '/office/payout-batches/:id': `/office/payout-batches/${batch.id}`,
  };
}
