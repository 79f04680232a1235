// Members, bookings, payments, documents and payouts that the tests begin with, made over the API.

import assert from 'node:assert/strict';
import { administrator, api, capture, call, messages, run, signIn, until } from './platform.js';

/** The smallest PNG. */
export const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

/** A PDF that no program needs to read. */
export const PDF = Buffer.from('%PDF-1.4\n1 0 obj << >> endobj\ntrailer << >>\n%%EOF\n');

/** The session of the administrator. */
export const signInAdministrator = () => signIn(administrator);

/** Adds a person with a role, and begins a session. */
export async function addPerson(admin, role, name) {
  const email = `${role}.${name.toLowerCase().replace(/\W+/g, '.')}.${run}@example.in`;
  await api('POST', '/users', { token: admin.access_token, body: { name, email, role } });
  return { ...(await signIn(email)), email };
}

let members = 0;

/** Registers a member, under the owner of `referral_code` if there is one. */
export async function addMember(name, referral_code) {
  members += 1;
  const email = `member${members}.${run}@example.in`;
  return { ...(await signIn(email, { name, ...(referral_code && { referral_code }) })), email };
}

/** Begins a session of a member of the demonstration, such as `asha` or `member1`. */
export async function signInDemo(name) {
  const message = (await messages()).find(({ to }) => to.startsWith(`${name}.`));
  assert.ok(message, `the demonstration has no ${name}`);
  return signIn(message.to);
}

/** Books the vehicle with the smallest price. */
export async function book({ access_token: token }, booking_amount = '500.00') {
  const { items } = await api('GET', '/vehicles?limit=100');
  const [cheapest] = items.sort((a, b) => Number(a.price) - Number(b.price));
  return api('POST', '/bookings', { token, body: { vehicle_id: cheapest.id, booking_amount } });
}

/** Begins a payment on a booking. */
export const pay = ({ access_token: token }, { id }, amount, method = 'online') =>
  api('POST', `/bookings/${id}/payments`, { token, body: { amount, method } });

/** Begins a payment, captures it, and waits until it is completed. */
export async function payOnline(member, booking, amount = '500.00') {
  const payment = await pay(member, booking, amount);
  await capture({ order: payment.checkout.order_id, amount });
  return until('a completed payment', async () => {
    const now = await api('GET', `/payments/${payment.id}`, { token: member.access_token });
    return now.status === 'completed' && now;
  });
}

/** Uploads a document. */
export function addDocument({ access_token: token }, kind = 'pan_card', file = PNG) {
  const form = new FormData();
  form.append('kind', kind);
  const type = file === PDF ? 'application/pdf' : 'image/png';
  form.append('file', new Blob([file], { type }), file === PDF ? 'file.pdf' : 'file.png');
  return api('POST', '/compliance/documents', { token, form });
}

let pans = Date.now() % 10_000;

/** Applies for KYC with documents. */
export function applyForKyc({ access_token: token, user }, documents = []) {
  pans = (pans + 1) % 10_000;
  const body = {
    pan: `ABCPD${String(pans).padStart(4, '0')}${'ABCDEFGHJK'[Date.now() % 10]}`,
    aadhaar_last4: '1234',
    bank: {
      account_number: `12345678${String(pans).padStart(4, '0')}`,
      ifsc: 'HDFC0001234',
      holder_name: user.name,
      bank_name: 'HDFC Bank',
    },
    address: { line1: '1 MG Road', city: 'Pune', state: 'Maharashtra', pincode: '411001', country: 'India' },
    document_ids: documents.map(({ id }) => id),
  };
  return until('an application', async () => {
    const { status, answer } = await call('POST', '/users/me/kyc', { token, body });
    // A document is known a moment after its upload.
    assert.ok(status < 300 || answer.code === 'auth.document_unknown', JSON.stringify(answer));
    return status < 300 && answer;
  });
}

/** Publishes distributor terms, which a member accepts to apply. */
export async function applyAsDistributor(admin, { access_token: token }) {
  const terms = {
    title: `Distributor agreement ${run}`,
    text: 'A distributor tells the truth.\n\nA distributor pays taxes.',
    hindi: { title: `वितरक अनुबंध ${run}`, text: 'वितरक सच बोलता है।\n\nवितरक कर देता है।' },
  };
  const { hash } = await api('POST', '/terms/distributor', { token: admin.access_token, body: terms });
  return api('POST', '/users/me/distributor-application', { token, body: { terms_hash: hash } });
}

/** Gives a member an approved KYC and money in the wallet, and requests a payout. */
export async function requestPayout(admin, staff, member, amount = '1000.00') {
  const { id } = await applyForKyc(member);
  await api('POST', `/kyc/${id}/approve`, { token: staff.access_token, body: {} });
  await deposit(admin, member, amount);
  const payout = await until('a payout', async () => {
    const body = { amount, emi_autofill: false };
    const { status, answer } = await call('POST', '/payouts', { token: member.access_token, body });
    return status < 300 && answer;
  });
  await payoutIs(member, payout, 'pending');
  return payout;
}

/** Adds money to a member's wallet. */
export const deposit = (admin, { user }, amount) =>
  api('POST', `/wallets/${user.id}/deposits`, { token: admin.access_token, body: { amount, reason: 'Test' } });

/** Waits until a payout has a status. */
export const payoutIs = ({ access_token: token }, { id }, status) =>
  until(`a payout that is ${status}`, async () => (await api('GET', `/payouts/${id}`, { token })).status === status);
