// The whole business, done by hand: a member joins by a link, books, pays, refers two others and earns from their pair,
// passes KYC and asks for a payout; the office checks, approves and pays it.
//
// The tests use what the pages show. Where the platform has no test checkout, they stand in for the payment gateway.

import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import {
  button,
  confirm,
  dialog,
  download,
  field,
  fill,
  fillDialog,
  heading,
  link,
  navigate,
  open,
  row,
  see,
  seeSoon,
  signInByHand,
  tag,
  valueOf,
} from './support/actions.js';
import { assertNoFaults, openBrowser, openPerson } from './support/browser.js';
import { chapters } from './support/chapters.js';
import { book, join, payOnline, referralLink } from './support/member-actions.js';
import { PDF } from './support/members.js';
import { administrator, run, until } from './support/platform.js';
import { beginningOf, money, t } from './support/texts.js';

const NAMES = { first: `Anita Rao ${run}`, left: `Bina Das ${run}`, right: `Chetan Jha ${run}`, staff: `Staff ${run}` };
const addressOf = (name) => `${name.toLowerCase().replaceAll(' ', '.')}@example.in`;
const UTR = `UTR${run.toUpperCase()}`;

let browser;
const people = {};
const pageOf = (who) => people[who].page;
const test = chapters('story', people);

before(async () => void (browser = await openBrowser()));

after(() => browser.close());

/** Opens a browser for somebody, who joins by a referral link. */
async function joinAs(who, address, side) {
  people[who] = await openPerson(browser);
  await join(pageOf(who), address, { name: NAMES[who], email: addressOf(NAMES[who]), side });
}

test('the administrator signs in and adds a member of staff', async () => {
  people.admin = await openPerson(browser);
  const page = pageOf('admin');
  await open(page, '/');
  await signInByHand(page, administrator);
  await see(page, heading(page, t('office.dashboard.title')));
  await navigate(page, '/office/people');
  await button(page, t('office.people.add')).click();
  await fillDialog(page, {
    [t('profile.name')]: NAMES.staff,
    [t('profile.email')]: addressOf(NAMES.staff),
    [t('office.user.role')]: t('office.role.staff'),
  });
  await confirm(page, t('office.role.effect.staff'));
  await see(page, heading(page, NAMES.staff));
});

test('a new member joins by a referral link', async () => {
  await joinAs('first', await referralLink(pageOf('admin')));
  await see(pageOf('first'), t('home.not_placed'));
});

test('a booking amount that is too small is refused at its field, and a larger one is taken', async () => {
  const page = pageOf('first');
  await navigate(page, '/vehicles');
  await page.locator('.vehicle').first().getByRole('link').click();
  await see(page, t('book.left'));
  await field(page, t('booking.booking_amount')).fill('1');
  await button(page, t('book.submit')).click();
  await dialog(page).locator('footer .primary').click();
  await see(page, page.locator('.field .error', { hasText: t('problem.booking.booking_amount_too_small') }));
  await field(page, t('booking.booking_amount')).fill('500');
  await page.locator('input[type=range]').fill('60');
  await button(page, t('book.submit')).click();
  await confirm(page, t('book.effect_emi', { count: 60 }), money(500));
  await see(page, t('booking.about.pre_booked'));
  await see(page, page.getByRole('heading', { name: t('booking.instalments') }));
});

test('the first payment confirms the booking and gives a place in the tree', async () => {
  const page = pageOf('first');
  await payOnline(page, 500);
  await see(page, tag(page, t('booking.status.confirmed')));
  await navigate(page, '/');
  await see(page, t('home.pairs_of', { count: 0, limit: 10 }));
  await navigate(page, '/tree');
  await see(page, t('tree.count', { count: 0 }));
});

test('two members join by the link of the first, and appear on her page while she looks at it', async () => {
  const address = await referralLink(pageOf('first'));
  for (const side of ['left', 'right']) {
    await joinAs(side, address, side);
    await book(pageOf(side));
    await payOnline(pageOf(side), 500);
    const joined = row(pageOf('first'), NAMES[side]);
    await see(pageOf('first'), tag(joined, t('referrals.placed')));
  }
});

test('the two make a pair, and each amount in the wallet says why', async () => {
  const page = pageOf('first');
  await navigate(page, '/tree');
  await see(page, t('tree.count', { count: 2 }));
  await link(page, t('pairs.all')).click();
  await see(page, t('pair.both', { left: NAMES.left, right: NAMES.right }));
  await see(page, row(page, money(500)).locator(tag(page, t('pair.status.matched'))));
  await navigate(page, '/wallet');
  await see(page, page.locator('.figures').getByText(money(550)));
  const pair = row(page, t('wallet.type.BINARY_PAIR'));
  await see(page, pair);
  assert.equal(await row(page, t('wallet.type.REFERRAL_BONUS')).count(), 2);
  await pair.getByRole('link').click();
  await see(page, page.getByRole('heading', { name: t('wallet.why') }));
  assert.equal(await valueOf(page, t('wallet.relation.left')).innerText(), NAMES.left);
  assert.equal(await valueOf(page, t('wallet.relation.right')).innerText(), NAMES.right);
  await see(page, page.locator('.steps strong', { hasText: money(500) }));
});

test('a payout without KYC is refused while the amount is typed', async () => {
  const page = pageOf('first');
  await navigate(page, '/payouts');
  await link(page, t('payout.new')).click();
  await see(page, t('payout.kyc_first'));
  await field(page, t('payout.amount')).fill('500');
  await see(page, page.locator('.preview .notice', { hasText: t('problem.payout.kyc_not_approved') }));
});

test('a file is checked by its bytes, and two documents are uploaded', async () => {
  const page = pageOf('first');
  await navigate(page, '/kyc');
  const choose = (name, mimeType, buffer) => page.setInputFiles('input[type=file]', { name, mimeType, buffer });
  await choose('pan.png', 'image/png', Buffer.from('text'));
  await see(page, t('documents.type'));
  await choose('pan.png', 'image/png', await page.screenshot());
  await see(page, page.getByAltText(t('documents.preview')));
  await button(page, t('documents.send')).click();
  await see(page, page.locator('.feed li', { hasText: t('document.kind.pan_card') }));
  await page.getByLabel(t('document.kind'), { exact: false }).selectOption({ label: t('document.kind.address_proof') });
  await choose('address.pdf', 'application/pdf', PDF);
  await button(page, t('documents.send')).click();
  await see(page, page.locator('.feed li', { hasText: t('document.kind.address_proof') }));
});

test('each problem of the KYC stands at its field, and a right application waits for the office', async () => {
  const page = pageOf('first');
  await fill(page.locator('ev-kyc-form'), {
    [t('kyc.pan')]: 'XX',
    [t('kyc.aadhaar')]: '1234',
    [t('account.number')]: '123456789012',
    [t('account.ifsc')]: 'hdfc0001234',
    [t('account.holder_name')]: NAMES.first,
    [t('account.bank_name')]: 'HDFC Bank',
    [t('address.line1')]: '1 MG Road',
    [t('address.city')]: 'Pune',
    [t('address.state')]: 'Maharashtra',
    [t('address.pincode')]: '011001',
    [t('address.country')]: 'India',
  });
  await button(page, t('kyc.submit')).click();
  const pan = field(page, t('kyc.pan'));
  await until('the focus on the first problem', () => pan.evaluate((element) => element === document.activeElement));
  assert.equal(await page.locator('ev-kyc-form [aria-invalid=true]').count(), 2);
  await pan.fill(`ABCPD${String(Date.now()).slice(-4)}F`);
  await field(page, t('address.pincode')).fill('411001');
  await button(page, t('kyc.submit')).click();
  await see(page, tag(page, t('kyc.status.pending')));
});

test('staff see the application beside its documents and approve it', async () => {
  people.staff = await openPerson(browser);
  const page = pageOf('staff');
  await open(page, '/office/kyc');
  await signInByHand(page, addressOf(NAMES.staff));
  await row(page, NAMES.first).getByRole('link').click();
  await see(page, t('office.kyc.of'));
  const document = page.getByRole('article', { name: t('document.kind.pan_card') });
  await document.getByRole('button', { name: t('document.show_name', { name: t('document.kind.pan_card') }) }).click();
  const image = document.locator('img.document');
  await until('the picture', () => image.evaluate((element) => element.naturalWidth > 0));
  await document.getByText(t('office.document.verify'), { exact: true }).click();
  await confirm(page, t('office.document.final_effect'));
  await see(page, document.locator('.tag', { hasText: t('document.status.verified') }));
  await button(page, t('office.kyc.approve')).click();
  await confirm(page, t('office.kyc.approve_effect', { name: NAMES.first }));
  await see(page, tag(page, t('kyc.status.approved')));
  // The page of the member is open meanwhile.
  await see(pageOf('first'), t('kyc.about.approved'));
});

test('the payout is quoted while it is typed, and requested with these amounts', async () => {
  const page = pageOf('first');
  await navigate(page, '/payouts');
  await link(page, t('payout.new')).click();
  await see(page, t('payout.available', { amount: money(550) }));
  await field(page, t('payout.amount')).fill('50');
  await see(page, page.locator('.preview .notice'));
  await field(page, t('payout.amount')).fill('550');
  const quoted = page.locator('.preview tfoot td');
  await until('a quote', async () => (await quoted.innerText()) === money(522.5));
  await see(page, page.locator('.preview tr', { hasText: t('payout.tds') }).getByText(`-${money(27.5)}`));
  await button(page, t('payout.submit')).click();
  await confirm(page, money(522.5), t('payout.effect_hold', { amount: money(550) }));
  await see(page, tag(page, t('payout.status.pending')));
});

test('the office approves the payout', async () => {
  const page = pageOf('staff');
  await navigate(page, '/office/payouts');
  await row(page, NAMES.first).getByRole('link').first().click();
  await button(page, t('office.payout.approve')).click();
  await confirm(page, money(522.5));
  await see(page, tag(page, t('payout.status.approved')));
  await see(pageOf('first'), tag(pageOf('first'), t('payout.status.approved')));
});

test('the office sends a batch to the bank, and reads its answer before it takes effect', async () => {
  const page = pageOf('staff');
  await navigate(page, '/office/payout-batches');
  await button(page, t('office.batch.create')).click();
  await confirm(page, t('office.batch.create_effect'));
  await see(page, t('office.batch.open', { count: 1 }));
  const file = await download(page, () => button(page, t('office.batch.file')).click());
  const [header, ...lines] = file.content.toString().trim().split(/\r?\n/);
  assert.equal(lines.length, 1, file.content.toString());
  const line = Object.fromEntries(header.split(',').map((name, i) => [name, lines[0].split(',')[i]]));
  assert.deepEqual([line.account_number, line.amount], ['123456789012', '522.50']);
  const choose = (...answers) => {
    const content = ['payout_id,outcome,utr,reason', ...answers].join('\n');
    return page.setInputFiles('input[type=file]', {
      name: 'a.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from(content),
    });
  };
  const other = `${line.payout_id.slice(0, -4)}0000`;
  await choose(`${other},paid,${UTR},`);
  await see(page, t('office.batch.refused'));
  assert.ok(await button(page, t('office.batch.settle_open')).isDisabled());
  await choose(`${line.payout_id},paid,${UTR},`);
  await see(page, row(page, money(522.5)).locator(tag(page, t('payout.status.completed'))));
  await button(page, t('office.batch.settle_open')).click();
  await confirm(page, t('office.batch.paid_effect', { count: 1 }));
  await see(page, tag(page, t('office.batch.settled')));
});

test('the member sees the paid payout with the reference of the bank', async () => {
  const page = pageOf('first');
  await see(page, tag(page, t('payout.status.completed')));
  assert.equal(await valueOf(page, t('payout.utr')).innerText(), UTR);
  await see(page, page.locator('ev-payout-lines').getByText(t('payout.line.reference', { reference: UTR })));
  await navigate(page, '/wallet');
  const paidOut = page.locator('.figures div', { hasText: t('wallet.total_withdrawn') });
  await seeSoon(page, paidOut.getByText(money(550)));
});

test('the certificate, the receipt and the statement are files', async () => {
  const page = pageOf('first');
  const isPdf = ({ name, content }) => name.endsWith('.pdf') && content.subarray(0, 5).toString() === '%PDF-';
  await navigate(page, '/tax');
  await seeSoon(page, row(page, money(27.5)));
  const certificate = page.getByRole('button', { name: new RegExp(`^${beginningOf('tax.certificate')}`) });
  assert.ok(isPdf(await download(page, () => certificate.click())));
  await navigate(page, '/bookings');
  await page.locator('tbody').getByRole('link').first().click();
  const receipt = page.getByRole('button', { name: new RegExp(`^${beginningOf('payment.receipt_of')}`) });
  assert.ok(isPdf(await download(page, () => receipt.first().click())));
  await navigate(page, '/wallet');
  await page.getByText(t('wallet.statements')).click();
  const statement = await download(page, () =>
    page.locator('.sheet').getByRole('button', { name: 'CSV' }).first().click(),
  );
  assert.match(statement.content.toString(), /550\.00/);
});

test('everybody signs out', async () => {
  for (const who of ['first', 'staff']) {
    const page = pageOf(who);
    await page.getByLabel(t('app.settings')).click();
    await button(page, t('session.sign_out')).click();
    await see(page, heading(page, t('sign_in.title')));
  }
});

test('no page of anybody had a fault', () => {
  for (const person of Object.values(people)) assertNoFaults(person);
});
