// Notifications outside the console: what a member chooses, web push in a browser, and the messages that staff look at.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { button, confirm, field, heading, open, row, see, tag } from './support/actions.js';
import { assertNoFaults, openBrowser, openPerson, picture } from './support/browser.js';
import { addMember } from './support/members.js';
import { openOffice } from './support/office.js';
import { api, run, until, url } from './support/platform.js';
import { t } from './support/texts.js';

let browser;
let office;
let session;
let member;

before(async () => {
  browser = await openBrowser();
  office = await openOffice(browser);
  session = await addMember(`Chooser ${run}`);
  member = await openPerson(browser, { session, permissions: ['notifications'] });
});

after(() => browser.close());

const preferences = () => api('GET', '/notifications/preferences', { token: session.access_token });
const cell = (kind, channel) =>
  field(
    member.page,
    t('preferences.cell', { kind: t(`notifications.kind.${kind}`), channel: t(`preferences.channel.${channel}`) }),
  );

test('a member chooses channels and times, and payouts stay locked', async () => {
  const { page } = member;
  await open(page, '/profile');
  await cell('earning', 'email').check();
  await until('a saved choice', async () => (await preferences()).kinds.earning.email.is_on);
  await cell('booking', 'email').uncheck();
  await until('a saved choice', async () => !(await preferences()).kinds.booking.email.is_on);
  await see(page, row(page, t('notifications.kind.payout')).getByText(t('preferences.always')));
  assert.equal(await cell('payout', 'email').count(), 0);
  await page.getByLabel(t('preferences.quiet')).check();
  await field(page, t('preferences.quiet_from')).fill('21:30');
  await field(page, t('preferences.quiet_from')).blur();
  await until('saved hours', async () => (await preferences()).quiet_hours?.from === '21:30');
  await page.getByLabel(t('preferences.digest'), { exact: true }).check();
  await until('a saved digest', async () => (await preferences()).digest_at === '18:00');
  await picture(page, 'notices/preferences', { fullPage: true });
  await page.reload();
  await see(page, field(page, t('preferences.digest_at')));
  assert.equal(await field(page, t('preferences.quiet_from')).inputValue(), '21:30');
  assert.equal(await cell('earning', 'email').isChecked(), true);
});

test('a browser with web push shows a message of the platform, under the content policy', async () => {
  const { page, context } = member;
  // The tests reach no push service, so the browser is given a subscription.
  await page.addInitScript(() => {
    const endpoint = 'https://updates.push.services.mozilla.com/wpush/v2/test';
    const keys = {
      p256dh: 'BLn9b-VR0ca83knDNZ32dCHGyjJp-1riX9ZTN40MqV8K_LpQmLqxC_DoHvqvFXO_nGdAB4W9dogZb_sM-uV4JbY',
      auth: '_ordMnz7uTCmrpBTeUV4Bw',
    };
    let current = null;
    const subscription = {
      endpoint,
      toJSON: () => ({ endpoint, keys }),
      unsubscribe: async () => ((current = null), true),
    };
    PushManager.prototype.subscribe = async ({ userVisibleOnly, applicationServerKey }) => {
      if (!userVisibleOnly || applicationServerKey.length < 80) throw new Error('not the options of a subscription');
      return (current = subscription);
    };
    PushManager.prototype.getSubscription = async () => current;
  });
  await open(page, '/profile');
  await button(page, t('preferences.push_on')).click();
  await see(page, button(page, t('preferences.push_off')));
  const { items } = await api('GET', '/notifications/push/subscriptions', { token: session.access_token });
  assert.equal(items.length, 1);
  // Once a browser is subscribed, the next notifications are queued for it.
  const cdp = await context.newCDPSession(page);
  const registered = new Promise((resolve) =>
    cdp.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      if (registrations.length > 0) resolve(registrations[0].registrationId);
    }),
  );
  await cdp.send('ServiceWorker.enable');
  const message = { title: 'Payout completed', body: '₹950.00', lang: 'en', path: '/payouts', tag: 'a' };
  const data = JSON.stringify(message);
  await cdp.send('ServiceWorker.deliverPushMessage', { origin: url, registrationId: await registered, data });
  const shown = await until('a shown notification', () =>
    page.evaluate(async () => {
      const registration = await navigator.serviceWorker.getRegistration('/push-worker.js');
      const [first] = await registration.getNotifications();
      return first && { title: first.title, body: first.body, path: first.data.path };
    }),
  );
  assert.deepEqual(shown, { title: 'Payout completed', body: '₹950.00', path: '/payouts' });
  await button(page, t('preferences.push_off')).click();
  await see(page, button(page, t('preferences.push_on')));
  const left = await api('GET', '/notifications/push/subscriptions', { token: session.access_token });
  assert.deepEqual(left.items, []);
});

test('staff see the messages by their state, and send one again that bounced', async () => {
  const { staff } = office;
  await until('a sent welcome', async () => {
    const token = office.sessions.staff.access_token;
    const { items } = await api('GET', '/notifications/deliveries?state=sent&limit=500', { token });
    return items.some(({ user_id: user, template }) => user === session.user.id && template === 'welcome');
  });
  await open(staff, '/office/deliveries?state=sent');
  await see(staff, heading(staff, t('office.deliveries.title')));
  await see(staff, row(staff, session.user.name).getByText('Welcome'));
  const bounced = {
    id: '00000000-0000-7000-8000-000000000001',
    user_id: session.user.id,
    template: 'payout_completed',
    channel: 'email',
    state: 'bounced',
    held_for: null,
    due_at: '2026-11-30T10:00:00Z',
    next_attempt_at: null,
    attempts: 1,
    last_error: '550 no such user',
    created_at: '2026-11-30T10:00:00Z',
    finished_at: '2026-11-30T10:00:05Z',
  };
  let sentAgain = false;
  // The mailer of the tests accepts everything, so the answers are those of a platform with a bounced message.
  await staff.route(/notifications\/deliveries\?/, (route) =>
    route.fulfill({ json: { items: sentAgain ? [] : [bounced], next_cursor: null } }),
  );
  await staff.route(/notifications\/deliveries\/.*\/retry/, (route) => {
    sentAgain = true;
    return route.fulfill({ json: { ...bounced, state: 'queued' } });
  });
  await open(staff, '/office/deliveries');
  await see(staff, tag(staff, t('office.deliveries.state.bounced')));
  await see(staff, '550 no such user');
  await picture(staff, 'notices/deliveries');
  await button(staff, t('office.deliveries.retry_name', { name: 'Payout completed' })).click();
  await confirm(staff, t('office.deliveries.retry_effect'));
  await see(staff, t('office.deliveries.empty'));
  assert.equal(sentAgain, true);
});

test('no page reported a fault', () => {
  for (const person of [member, ...office.people]) assertNoFaults(person);
});
