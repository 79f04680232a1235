// The reports in the office: tables, charts, files and filters.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { button, download, field, fill, open, row, see } from './support/actions.js';
import { assertNoFaults, openBrowser } from './support/browser.js';
import { openOffice } from './support/office.js';
import { until } from './support/platform.js';
import { t } from './support/texts.js';

let browser;
let office;
/** The page of a member of staff. */
let staff;

before(async () => {
  browser = await openBrowser();
  office = await openOffice(browser);
  ({ staff } = office);
});

after(() => browser.close());

const BY_PERIOD = ['sales', 'wallet', 'payouts', 'users', 'binary', 'cohorts'];
const OTHERS = ['generations', 'emi-ageing', 'payout-ageing'];

test('each report is a table, a chart and a file', async () => {
  for (const report of [...BY_PERIOD, ...OTHERS]) {
    await open(staff, `/office/reports?report=${report}&group_by=month`);
    await see(staff, row(staff, t('office.report.total')));
    await see(staff, staff.locator('.card svg'));
    const csv = await download(staff, () => button(staff, 'CSV').click());
    const leastLines = BY_PERIOD.includes(report) ? 12 : 6;
    assert.equal(csv.content.toString().trim().split('\n').length > leastLines, true, csv.content.toString());
    const workbook = await download(staff, () => button(staff, 'XLSX').click());
    assert.equal(workbook.content.subarray(0, 2).toString(), 'PK', 'a workbook is a ZIP file');
    const chart = await download(staff, () => button(staff, t('office.report.chart_file')).click());
    assert.match(chart.content.toString(), /^<svg [^>]*role="img"[^>]*><title id="title">/);
  }
});

test('a report is narrowed by the filters that it takes', async () => {
  await open(staff, '/office/reports');
  await see(staff, row(staff, t('office.report.total')));
  const columns = () => staff.locator('.figures-table').last().locator('thead th').allTextContents();
  assert.equal((await columns()).includes(t('office.figure.bookings')), true);
  await fill(staff, { [t('office.report.filter.method')]: t('payment.method.cash') });
  // A booking has no method.
  await until('no column of bookings', async () => !(await columns()).includes(t('office.figure.bookings')));
  assert.equal(new URL(staff.url()).searchParams.get('method'), 'cash');
  assert.equal((await columns()).includes(t('office.figure.payments')), true);
  await fill(staff, { [t('office.report.filter.method')]: t('filter.all') });
  await until('the column of bookings', async () => (await columns()).includes(t('office.figure.bookings')));
  await fill(staff, { [t('office.report')]: t('office.report.emi-ageing') });
  await see(staff, row(staff, t('office.report.age.not_due')));
  assert.equal(await field(staff, t('filter.from')).count(), 0);
  assert.equal(await field(staff, t('office.report.filter.city')).count(), 0);
  await fill(staff, { [t('office.report')]: t('office.report.cohorts') });
  await until('the cohorts', async () => (await columns()).includes(t('office.figure.active_buyers')));
  assert.equal(await staff.getByLabel(t('office.report.grouping')).inputValue(), 'month');
});

test('no page of the office had a fault', () => {
  for (const person of office.people) assertNoFaults(person);
});
