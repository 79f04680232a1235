// Payments at the page of a gateway: the choice of one, the way there, and the page to which the payer comes back.
//
// The platform under test has the sandbox gateway. What the API says of others, and their pages, are answered here; the
// content policy, the way back and the capture are real.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { button, confirm, fill, link, open, see } from './support/actions.js';
import { assertNoFaults, openBrowser, openPerson, pictures } from './support/browser.js';
import { addMember, book } from './support/members.js';
import { capture, url } from './support/platform.js';
import { money, t } from './support/texts.js';

const STRIPE = 'https://checkout.stripe.com/c/pay/cs_test_1#fid';
const RAZORPAY = 'https://api.razorpay.com/v1/checkout/embedded';
/** The pages of the gateways, where the payer is sent. */
const LEFT = /another origin: https:\/\/(checkout\.stripe\.com|api\.razorpay\.com)\//;
const html = (body) => ({ contentType: 'text/html', body: `<!doctype html><title>Gateway</title><body>${body}` });

let browser;
const people = [];

before(async () => {
  browser = await openBrowser();
});

after(() => browser.close());

/** A member on the page of a new booking, where the API has two gateways. `sent` gets the bodies of new payments. */
async function enter(name, options) {
  const member = await addMember(name);
  const booking = await book(member);
  const person = await openPerson(browser, { session: member, ...options });
  people.push(person);
  const { context, page } = person;
  const sent = [];
  await context.route('**/api/v1/payments/methods', async (route) => {
    const answer = await (await route.fetch()).json();
    const [sandbox, ...others] = answer.items;
    const online = ['razorpay', 'stripe'].map((gateway) => ({ ...sandbox, gateway }));
    await route.fulfill({ json: { items: [...online, ...others] } });
  });
  await context.route(`**/api/v1/bookings/*/payments`, async (route) => {
    const body = route.request().postDataJSON();
    sent.push(body);
    // The sandbox stands in for the gateway that was chosen.
    const response = await route.fetch({ postData: { ...body, gateway: 'sandbox' } });
    const payment = await response.json();
    await route.fulfill({ response, json: { ...payment, checkout: checkoutOf(body.gateway, payment) } });
  });
  await open(page, `/bookings/${booking.id}`);
  return { page, booking, sent };
}

/** The checkout of a payment, as the API answers for a gateway. */
function checkoutOf(gateway, { id, checkout }) {
  if (gateway === 'stripe') return { ...checkout, gateway, redirect_url: STRIPE };
  const fields = {
    key_id: 'rzp_test_1',
    order_id: checkout.order_id,
    'notes[payment_id]': id,
    callback_url: `${url}/payments/return?payment_id=${id}`,
  };
  return { ...checkout, gateway, redirect_url: RAZORPAY, form_fields: fields };
}

async function picture(page, name) {
  if (pictures) await page.screenshot({ path: `${pictures}/checkout-${name}.png`, fullPage: true });
}

const nameOf = (gateway) => t('pay.method_gateway', { method: t('payment.method.online'), gateway });

async function pay(page, gateway) {
  await fill(page.locator('ev-pay-form'), { [t('pay.method')]: nameOf(gateway) });
  await see(page, t('pay.gateway', { gateway }));
  await picture(page, gateway.toLowerCase());
  await button(page, t('pay.submit')).click();
  await confirm(page, money(500));
}

test('a payer chooses a gateway and goes to its page by the address', async () => {
  const { page, sent } = await enter('Payer by Stripe');
  await page.context().route('https://checkout.stripe.com/**', (route) => route.fulfill(html('Pay here')));
  await pay(page, 'Stripe');
  await see(page, 'Pay here');
  assert.equal(page.url(), STRIPE);
  assert.equal(sent[0].gateway, 'stripe');
});

test('a payer goes to a page by a form, comes back by another one, and sees when the payment has arrived', async () => {
  const { page, booking, sent } = await enter('Payer by Razorpay');
  let fields;
  await page.context().route(RAZORPAY, (route) => {
    fields = new URLSearchParams(route.request().postData() ?? '');
    const back = `<form method="post" action="${fields.get('callback_url')}">
      <input name="razorpay_payment_id" value="pay_1"><button>Back</button></form>`;
    return route.fulfill(html(back));
  });
  await pay(page, 'Razorpay');
  await button(page, 'Back').click();
  await see(page, t('payment_return.pending'));
  assert.equal(sent[0].gateway, 'razorpay');
  assert.equal(fields.get('key_id'), 'rzp_test_1');
  assert.equal(page.url(), fields.get('callback_url'));
  await picture(page, 'waiting');
  await capture({ order: fields.get('order_id'), amount: '500.00' });
  await see(page, t('payment_return.completed'));
  await picture(page, 'arrived');
  await link(page, t('payment_return.to_booking')).click();
  await see(page, booking.number);
});

test('a payment that was left is continued with its order', async () => {
  const { page } = await enter('Payer who left');
  const { context } = people.at(-1);
  let opened = 0;
  await context.route('https://checkout.stripe.com/**', (route) => route.fulfill(html('Pay here')));
  await context.route('**/api/v1/payments?*', async (route) => {
    const response = await route.fetch();
    const answer = await response.json();
    const items = answer.items.map((payment) => ({ ...payment, gateway: 'stripe' }));
    await route.fulfill({ response, json: { ...answer, items } });
  });
  await context.route('**/api/v1/payments/*/checkout', async (route) => {
    opened += 1;
    if (opened === 1) {
      await route.fulfill({
        status: 503,
        contentType: 'application/problem+json',
        json: { code: 'request.dependency_unavailable', status: 503, title: 'Service Unavailable' },
      });
      return;
    }
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), redirect_url: STRIPE } });
  });
  await pay(page, 'Stripe');
  await see(page, 'Pay here');
  await page.goBack();
  const again = button(page, t('checkout.continue', { gateway: 'Stripe' }));
  await again.focus();
  await page.keyboard.press('Enter');
  await see(page, page.locator('ev-checkout ev-problem'));
  await picture(page, 'left');
  await again.click();
  await see(page, 'Pay here');
  assert.equal(opened, 2);
});

test('the pages had no faults', () => {
  for (const person of people) assertNoFaults(person, LEFT);
});
