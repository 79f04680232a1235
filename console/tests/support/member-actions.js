// What a member does by hand on the way into the business: the referral link, registration, booking and payment.

import { button, confirm, enterCode, field, fill, heading, navigate, open, see, valueOf } from './actions.js';
import { capture } from './platform.js';
import { money, t } from './texts.js';

/** The referral link that a person's page shows, as an address of the console under test. */
export async function referralLink(page) {
  await open(page, '/referrals');
  const shown = new URL(await field(page, t('referrals.link')).inputValue());
  return `${shown.pathname}${shown.search}`;
}

/** Registers somebody by a referral link, with a side of the tree if one is named. */
export async function join(page, address, { name, email, side }) {
  await open(page, address);
  const [code] = address.match(/[A-Z0-9]{8}$/);
  await see(page, t('join.invited', { name: '', code }).trim());
  await field(page, t('join.name')).fill(name);
  if (side) await fill(page, { [t('join.side')]: t(`side.${side}`) });
  await field(page, t('sign_in.identifier')).fill(email);
  await enterCode(page, email);
  await see(page, heading(page, t('home.greeting', { name })));
}

/** Books the first vehicle of the catalogue without an EMI. */
export async function book(page) {
  await navigate(page, '/vehicles');
  await page.locator('.vehicle').first().getByRole('link').click();
  await fill(page, { [t('book.rest')]: t('book.emi_no') });
  await button(page, t('book.submit')).click();
  await confirm(page, t('book.effect_no_emi'));
  await see(page, t('booking.about.pre_booked'));
}

/** Pays the amount that is due, at the test checkout or, where there is none, as the gateway reports it. */
export async function payOnline(page, amount) {
  const probe = page.waitForResponse((answer) => answer.url().includes('/dev/sandbox/'));
  await button(page, t('pay.submit')).click();
  await confirm(page, money(amount));
  const order = await valueOf(page.locator('ev-checkout'), t('checkout.order')).innerText();
  if ((await probe).status() === 404) await capture({ order, amount: `${amount}.00` });
  else await button(page, t('checkout.test_captured')).click();
  await see(page, t('booking.about.confirmed'));
}
