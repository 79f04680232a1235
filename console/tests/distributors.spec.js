// Terms and distributors: an administrator publishes terms, a member accepts them and applies, the office decides.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  button,
  confirm,
  dialog,
  field,
  fill,
  fillDialog,
  heading,
  link,
  open,
  row,
  see,
  tag,
} from './support/actions.js';
import { assertNoFaults, openBrowser, openPerson } from './support/browser.js';
import { addMember } from './support/members.js';
import { openOffice } from './support/office.js';
import { api, run } from './support/platform.js';
import { t } from './support/texts.js';

let browser;
let office;
/** The pages of the administrator, of a member of staff, of a member and of a person who is not signed in. */
let admin;
let staff;
let asha;
let visitor;
let member;
let people;

before(async () => {
  browser = await openBrowser();
  office = await openOffice(browser);
  ({ admin, staff } = office);
  member = await addMember(`Asha Rao ${run}`);
  const own = await openPerson(browser, { session: member });
  const public_ = await openPerson(browser, {});
  [asha, visitor] = [own.page, public_.page];
  people = [...office.people, own, public_];
});

after(() => browser.close());

const TEXT = 'A distributor tells the truth.\nAlways.\n\nA distributor pays taxes.';
const HINDI = 'वितरक सच बोलता है।\n\nवितरक कर देता है।';

/** Publishes distributor terms in the office. */
async function publish(title, text, hindi = {}) {
  await open(admin, '/office/terms');
  await button(admin, t('office.terms.publish')).click();
  await fillDialog(admin, {
    [t('office.terms.title_en')]: title,
    [t('office.terms.text_en')]: text,
    ...hindi,
  });
  await confirm(admin, t('office.terms.publish_effect', { name: title }), t('office.terms.final_effect'));
  await see(admin, row(admin, title));
}

/** The current version of the distributor terms, as the pages write it. */
async function currentVersion() {
  const { version } = await api('GET', '/terms/distributor');
  return String(version);
}

test('an administrator publishes terms, which everyone reads in their language', async () => {
  await publish(`Agreement ${run}`, TEXT, {
    [t('office.terms.title_hi')]: `अनुबंध ${run}`,
    [t('office.terms.text_hi')]: HINDI,
  });
  await open(visitor, '/terms/distributor');
  await see(visitor, visitor.getByRole('heading', { level: 2, name: `Agreement ${run}` }));
  await see(visitor, tag(visitor, t('terms.current')));
  assert.equal(await visitor.locator('article .lines').count(), 2);
  await field(visitor, t('app.language')).selectOption('hi');
  await see(visitor, visitor.getByRole('heading', { level: 2, name: `अनुबंध ${run}` }));
  await visitor.locator('select.language').selectOption('en');
  await open(visitor, '/terms/service');
  await see(visitor, visitor.locator('ev-problem'));
});

test('a text with an invisible character is refused beside the field', async () => {
  await open(admin, '/office/terms');
  await button(admin, t('office.terms.publish')).click();
  await fill(dialog(admin), {
    [t('office.terms.title_en')]: 'x',
    [t('office.terms.text_en')]: 'a\u202eb',
  });
  await dialog(admin)
    .getByRole('button', { name: t('office.next') })
    .click();
  await dialog(admin)
    .getByRole('button', { name: t('office.terms.publish'), exact: true })
    .click();
  await see(admin, dialog(admin).locator('textarea[aria-invalid=true]'));
  await admin.keyboard.press('Escape');
  await admin.keyboard.press('Escape');
});

test('a member accepts the terms and applies', async () => {
  await open(asha, '/distributor');
  await see(asha, asha.getByRole('region', { name: t('terms.kind.distributor') }));
  await button(asha, t('distributor.accept')).click();
  await confirm(
    asha,
    t('distributor.accept_effect', { version: await currentVersion() }),
    t('distributor.keep_effect'),
  );
  await see(asha, t('distributor.about.pending'));
  assert.equal(await button(asha, t('distributor.accept')).count(), 0);
});

test('the office rejects with a reason, which the member reads', async () => {
  await open(staff, '/office');
  await see(staff, t('office.queue.distributors.pending'));
  await open(staff, '/office/distributors');
  await link(staff, member.user.name).click();
  await see(staff, heading(staff, t('office.distributor.of')));
  await button(staff, t('office.distributor.reject')).click();
  const reason = `Too early ${run}`;
  await fillDialog(staff, { [t('office.reason')]: reason });
  await confirm(staff, t('office.distributor.reject_effect', { name: member.user.name }));
  await see(staff, tag(staff, t('kyc.status.rejected')));
  await asha.reload();
  await see(asha, t('kyc.reason', { reason }));
});

test('terms that change while they are read are not accepted', async () => {
  await open(asha, '/distributor');
  await see(asha, t('distributor.again'));
  await publish(`Second ${run}`, 'Other rules.');
  await button(asha, t('distributor.accept')).click();
  await dialog(asha)
    .getByRole('button', { name: t('distributor.accept'), exact: true })
    .click();
  await see(asha, t('problem.auth.terms_outdated'));
  await asha.keyboard.press('Escape');
  await see(asha, asha.getByRole('heading', { level: 2, name: `Second ${run}` }));
});

test('the member applies again and is a distributor when the office approves', async () => {
  await button(asha, t('distributor.accept')).click();
  await confirm(asha, t('distributor.accept_effect', { version: await currentVersion() }));
  await see(asha, t('distributor.about.pending'));
  await open(staff, '/office/distributors');
  await link(staff, member.user.name).click();
  await button(staff, t('office.distributor.approve')).click();
  await confirm(staff, t('office.user.label_effect', { name: member.user.name }));
  await see(staff, tag(staff, t('kyc.status.approved')));
  await asha.reload();
  await see(asha, t('distributor.is'));
  await see(asha, t('kyc.earlier'));
  const profile = await api('GET', '/users/me', { token: member.access_token });
  assert.equal(profile.is_distributor, true);
});

test('earlier terms stay readable, and the audit log has what the office did', async () => {
  await open(visitor, '/terms/distributor?version=1');
  await see(visitor, tag(visitor, t('terms.earlier')));
  await open(admin, '/office/audit');
  await see(admin, row(admin, t('office.audit.action.auth.distributor.approve')));
  await see(admin, row(admin, t('office.audit.action.auth.terms.publish')));
});

test('no page had a fault', () => {
  for (const person of people) assertNoFaults(person);
});
