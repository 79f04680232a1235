// What a new member does in the console, from the referral link to the end of the session.
//
//   node --test tests/member.spec.js
//
// CONSOLE and PLATFORM are the addresses of the console and of a platform with demo data; CHROMIUM is the browser.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';

const platform = process.env.PLATFORM ?? 'http://127.0.0.1:8080';
const console_ = process.env.CONSOLE ?? platform;
const contact = `member.${Date.now()}@example.in`;

let browser;
let page;
const faults = [];

before(async () => {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  const context = await browser.newContext({ locale: 'en-IN', viewport: { width: 1000, height: 900 } });
  page = await context.newPage();
  page.setDefaultTimeout(10_000);
  page.on('pageerror', (error) => faults.push(error.stack));
});

after(async () => {
  await browser.close();
  assert.deepEqual(faults, []);
});

const lastCode = async (to) => {
  const { items } = await (await fetch(`${platform}/dev/messages?to=${encodeURIComponent(to)}`)).json();
  return items[0].code;
};

const send = async (path, body, token) => {
  const headers = { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) };
  const init = body ? { method: 'POST', headers, body: JSON.stringify(body) } : { headers };
  const response = await fetch(`${platform}/api/v1${path}`, init);
  assert.ok(response.ok, `${path}: ${response.status}`);
  return response.json();
};

const signIn = async (identifier) => {
  await send('/auth/otp', { identifier, channel: 'email' });
  return (await send('/auth/otp/verify', { identifier, code: await lastCode(identifier) })).access_token;
};

const confirm = () => page.click('dialog footer .primary');
const closed = () => page.waitForSelector('dialog', { state: 'detached' });
const text = (selector) => page.locator(selector).innerText();

test('a person joins by the referral link of a member', async () => {
  const { items } = await (await fetch(`${platform}/dev/messages`)).json();
  const member = items.map((item) => item.to).find((to) => to.startsWith('asha.'));
  const { code } = await send('/users/me/referral-link', undefined, await signIn(member));
  await page.goto(`${console_}/?ref=${code}`);
  await page.fill('input[name=name]', 'Test Member');
  await page.fill('input[name=identifier]', contact);
  await page.click('ev-form .primary');
  await page.waitForSelector('input[name=code]');
  await page.fill('input[name=code]', await lastCode(contact));
  await page.click('ev-form .primary');
  await page.waitForURL(`${console_}/`);
});

test('a member chooses a side before the first payment', async () => {
  await page.click('nav a[href="/referrals"]');
  await page.selectOption('select[name=side]', 'right');
  await page.click('ev-preferred-side .primary');
  await page.waitForSelector('.toast');
  await page.waitForFunction(() => document.querySelector('img.qr')?.naturalWidth > 0);
  assert.match(await text('nav [aria-current]'), /Referrals/);
});

test('a booking amount that is too small is refused in the dialog, and a larger one is taken', async () => {
  await page.click('nav a[href="/vehicles"]');
  await page.click('.vehicle a.primary >> nth=-1');
  await page.fill('input[name=booking_amount]', '1');
  await page.selectOption('select[name=emi]', 'no');
  await page.click('ev-form .primary');
  await confirm();
  await page.waitForSelector('dialog .problem');
  await page.keyboard.press('Escape');
  await page.fill('input[name=booking_amount]', '1000');
  await page.click('ev-form .primary');
  await confirm();
  await page.waitForURL('**/bookings/*');
});

test('an announced bank transfer is pending', async () => {
  await page.selectOption('ev-pay-form select[name=method]', 'bank_transfer');
  await page.fill('ev-pay-form input[name=amount]', '600');
  await page.click('ev-pay-form .primary');
  await confirm();
  await closed();
  await page.waitForSelector('.feed li:has-text("Bank transfer: ₹600.00") .tag:has-text("Pending")');
});

test('an EMI is chosen with the keyboard alone', async () => {
  await page.focus('ev-emi-form input[type=range]');
  for (const key of ['Home', 'ArrowRight', 'ArrowRight']) await page.keyboard.press(key);
  assert.match(await text('ev-emi-form label'), /5 months/);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.waitForSelector('dialog');
  for (const key of ['Tab', 'Tab', 'Enter']) await page.keyboard.press(key);
  await page.waitForSelector('.instalments');
  assert.equal(await page.locator('.instalments tbody tr').count(), 5);
});

test('a file is checked by its bytes before it is uploaded', async () => {
  await page.click('nav a[href="/kyc"]');
  const file = (name, content) => ({ name, mimeType: 'image/png', buffer: content });
  await page.setInputFiles('input[type=file]', file('text.png', Buffer.from('text')));
  await page.waitForSelector('ev-document-upload .error:has-text("not a PDF")');
  await page.setInputFiles('input[type=file]', file('pan.png', await page.screenshot()));
  await page.waitForSelector('.preview img');
  await page.click('ev-document-upload .primary');
  await page.waitForSelector('.feed li:has-text("PAN card")');
});

test('each problem of the KYC stands at its field, and the first has the focus', async () => {
  const values = {
    pan: 'XX',
    aadhaar_last4: '1234',
    'bank.account_number': '123456789012',
    'bank.ifsc': 'hdfc0001234',
    'bank.holder_name': 'Test Member',
    'bank.bank_name': 'HDFC Bank',
    'address.line1': '1 MG Road',
    'address.city': 'Pune',
    'address.state': 'Maharashtra',
    'address.pincode': '011001',
    'address.country': 'India',
  };
  for (const [name, value] of Object.entries(values)) await page.fill(`input[name="${name}"]`, value);
  await page.click('ev-kyc-form .primary');
  await page.waitForFunction(() => document.activeElement?.getAttribute('name') === 'pan');
  assert.equal(await page.locator('ev-kyc-form [aria-invalid=true]').count(), 2);
  await page.fill('input[name=pan]', `ABCPD${String(Date.now()).slice(-4)}F`);
  await page.fill('input[name="address.pincode"]', '411001');
  await page.click('ev-kyc-form .primary');
  await page.waitForSelector('.tag:has-text("Being checked")');
});

test('a payout without an approved KYC is refused while the amount is typed', async () => {
  await page.goto(`${console_}/payouts/new`);
  await page.fill('input[name=amount]', '500');
  await page.waitForSelector('.preview .notice:has-text("KYC")');
});

test('the navigation opens over the page on a narrow screen', async () => {
  await page.setViewportSize({ width: 320, height: 700 });
  await page.click('.menu');
  await page.click('nav a[href="/bookings"]');
  await page.waitForSelector('ev-bookings-page');
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320);
  await page.setViewportSize({ width: 1000, height: 900 });
});

test('the end of the own session leads to the sign-in', async () => {
  await page.goto(`${console_}/profile`);
  await page.click('ev-sessions li:has-text("This device") button');
  await confirm();
  await page.waitForURL('**/sign-in*');
});
