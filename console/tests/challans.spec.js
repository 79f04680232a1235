// Challans in the office: the record of one, its correction and cancellation, and its history.

import { after, before, test } from 'node:test';
import { button, confirm, fillDialog, open, row, see } from './support/actions.js';
import { assertNoFaults, openBrowser } from './support/browser.js';
import { openOffice } from './support/office.js';
import { money, t } from './support/texts.js';

let browser;
let office;
/** The page of the administrator. */
let admin;

before(async () => {
  browser = await openBrowser();
  office = await openOffice(browser);
  ({ admin } = office);
});

after(() => browser.close());

const inDays = (count) => new Date(Date.now() + count * 86_400_000).toISOString().slice(0, 10);

test('a challan is recorded once for its quarter', async () => {
  await open(admin, '/office/tax?tab=challans');
  const today = inDays(0);
  await button(admin, t('office.challan.add')).click();
  const quarter = `Q${Math.floor(((new Date().getMonth() + 9) % 12) / 3) + 1}`;
  await fillDialog(admin, {
    [t('office.challan.quarter')]: t(`office.tax.quarter.${quarter}`),
    [t('office.challan.branch')]: '0510308',
    [t('office.challan.serial')]: '00123',
    [t('office.challan.date')]: today,
    [t('office.challan.amount')]: '1250.50',
  });
  await confirm(admin, t('office.challan.final_effect'), money(1250.5));
  await see(admin, row(admin, '0510308').getByText('00123'));
  await see(admin, row(admin, t('office.challan.total')).getByText(money(1250.5)));
});

test('a wrong challan is corrected and cancelled, and its history shows what it was', async () => {
  await open(admin, '/office/tax?tab=challans');
  const step = (name) => row(admin, '0510308').getByRole('button', { name, exact: true });
  await step(t('office.challan.correct')).click();
  await fillDialog(admin, { [t('office.challan.amount')]: '1205.50', [t('office.reason')]: 'Digits swapped' });
  await confirm(admin, t('office.challan.change_effect'), money(1205.5));
  await see(admin, row(admin, t('office.challan.total')).getByText(money(1205.5)));
  await step(t('office.challan.cancel')).click();
  await fillDialog(admin, { [t('office.reason')]: 'Never deposited' });
  await confirm(admin, t('office.challan.change_effect'), money(1205.5));
  await see(admin, row(admin, '0510308').getByText(t('office.challan.cancelled')));
  await see(admin, row(admin, t('office.challan.total')).getByText(money(0)));
  await step(t('office.challan.history')).click();
  const dialog = admin.getByRole('dialog');
  await see(admin, dialog.getByText('Digits swapped'));
  await see(admin, dialog.getByText(money(1250.5)));
  await see(admin, dialog.getByText('Never deposited'));
  await admin.keyboard.press('Escape');
});

test('no page of the office had a fault', () => {
  for (const person of office.people) assertNoFaults(person);
});
