// Weight of the console: what the first view costs, and what long lists and large trees leave in the document.
//
// Sizes and counts are required; times depend on the machine and are only reported.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { field, heading, open, see } from './support/actions.js';
import { assertNoFaults, openBrowser, openPerson } from './support/browser.js';
import { chains, grown } from './support/large-trees.js';
import { signInDemo } from './support/members.js';
import { until } from './support/platform.js';
import { t } from './support/texts.js';

const MAX_FIRST_VIEW_BYTES = 150_000;
const MAX_ROWS = 60;
const MAX_MEMBERS = 600;
const CPU_SLOWDOWN = 4;
const LIST_LENGTH = 10_000;
const TREE_SIZE = 100_000;
const ZOOMS = 15;

let browser;
let member;
const people = [];

before(async () => {
  browser = await openBrowser();
  member = await enter({ session: await signInDemo('asha') });
});

after(() => browser.close());

async function enter(options) {
  const person = await openPerson(browser, options);
  people.push(person);
  return person;
}

/** Opens the start page with an empty cache, and returns the bytes that were transferred until `shown`. */
async function firstView({ context, page }, shown) {
  const devtools = await context.newCDPSession(page);
  await devtools.send('Network.enable');
  await devtools.send('Network.setCacheDisabled', { cacheDisabled: true });
  const sizes = new Map();
  const addresses = new Map();
  devtools.on('Network.requestWillBeSent', ({ requestId, request }) => addresses.set(requestId, request.url));
  devtools.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => sizes.set(requestId, encodedDataLength));
  await open(page, '/');
  await see(page, shown);
  await page.waitForLoadState('networkidle');
  const bytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  await devtools.detach();
  return { bytes, requests: sizes.size };
}

const size = ({ bytes, requests }) => `${(bytes / 1000).toFixed(1)} kB in ${requests} requests`;

test('the first view of a visitor is light', async (check) => {
  const visitor = await enter();
  const view = await firstView(visitor, heading(visitor.page, t('sign_in.title')));
  check.diagnostic(`the sign-in page: ${size(view)}`);
  assert.ok(view.bytes <= MAX_FIRST_VIEW_BYTES, size(view));
  assert.ok(view.requests > 10, 'the modules were counted');
});

test('the first view of a member is light', async (check) => {
  const view = await firstView(member, t('home.latest'));
  check.diagnostic(`the home page with its data: ${size(view)}`);
  assert.ok(view.bytes <= MAX_FIRST_VIEW_BYTES, size(view));
});

test('the time until a visitor can type is reported, on a slow processor', async (check) => {
  const { context, page } = await enter();
  const devtools = await context.newCDPSession(page);
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: CPU_SLOWDOWN });
  await open(page, '/sign-in');
  await field(page, t('sign_in.identifier')).fill('a');
  const time = await page.evaluate(() => performance.now());
  check.diagnostic(`interactive after ${Math.round(time)} ms with the processor ${CPU_SLOWDOWN} times slower`);
  assert.equal(await field(page, t('sign_in.identifier')).inputValue(), 'a');
});

/** Answers the lines of a wallet with a list of `LIST_LENGTH`. */
async function giveLongList(page) {
  await page.route('**/api/v1/wallet/transactions?*', (route) => {
    const query = new URL(route.request().url()).searchParams;
    const [from, limit] = [Number(query.get('cursor') ?? 0), Number(query.get('limit'))];
    const items = Array.from({ length: Math.min(limit, LIST_LENGTH - from) }, (_, i) => ({
      id: `line-${from + i + 1}`,
      type: 'DEPOSIT',
      amount: '1.00',
      balance_after: `${LIST_LENGTH - from - i}.00`,
      description: `Line ${from + i + 1}`,
      created_at: '2026-01-01T00:00:00Z',
      reference: { type: 'manual', id: `line-${from + i + 1}`, label: null },
    }));
    const next = from + limit < LIST_LENGTH ? String(from + limit) : null;
    return route.fulfill({ json: { items, next_cursor: next } });
  });
}

test('a list of 10,000 rows keeps few of them in the document, and reaches its end', async (check) => {
  const { page } = member;
  // So high that the number of rows is limited by more than the height of the list.
  await page.setViewportSize({ width: 1280, height: 4000 });
  await giveLongList(page);
  await open(page, '/wallet');
  const box = page.locator('.rows').first();
  await see(page, box.getByText('Line 1', { exact: true }));
  await box.evaluate((element) => {
    const count = () => element.querySelectorAll('tbody tr:not(.spacer)').length;
    element.mostRows = count();
    new MutationObserver(() => (element.mostRows = Math.max(element.mostRows, count()))).observe(element, {
      childList: true,
      subtree: true,
    });
  });
  const started = Date.now();
  await box.evaluate(
    (element) =>
      new Promise((resolve) => {
        const step = () => {
          element.scrollTop = element.scrollHeight;
          if (element.querySelector('table').getAttribute('aria-rowcount') === '-1') requestAnimationFrame(step);
          else resolve();
        };
        step();
      }),
  );
  await box.evaluate((element) => (element.scrollTop = element.scrollHeight));
  await see(page, box.getByText(`Line ${LIST_LENGTH}`, { exact: true }));
  check.diagnostic(`read to the end in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  assert.equal(await page.locator('.rows table').first().getAttribute('aria-rowcount'), String(LIST_LENGTH + 1));
  await box.evaluate((element) => (element.scrollTop = element.scrollHeight / 2));
  await until('rows of the middle', () =>
    box.evaluate((element) => Math.abs(Number(element.querySelector('[aria-rowindex]').ariaRowIndex) - 5000) < 100),
  );
  await box.evaluate((element) => (element.scrollTop = 0));
  await see(page, box.getByText('Line 1', { exact: true }));
  const most = await box.evaluate((element) => element.mostRows);
  check.diagnostic(`at most ${most} rows in the document`);
  assert.ok(most > 5 && most <= MAX_ROWS, `${most} rows`);
});

/** Answers a tree and the names of its members. */
async function giveTree(page, { ids, ...rest }) {
  const idOf = (number) => `00000000-0000-7000-8000-${number.padStart(12, '0')}`;
  const shape = { ...rest, ids: ids.map(idOf), epoch: 1 };
  await page.route('**/api/v1/binary/tree/shape*', (route) => route.fulfill({ json: shape }));
  await page.route('**/api/v1/binary/names', (route) => {
    const { ids: asked } = route.request().postDataJSON();
    return route.fulfill({ json: { items: asked.map((id) => ({ user_id: id, name: `Member ${id.slice(-6)}` })) } });
  });
}

/** Zooms into the tree and drags it, and returns the frames that were drawn. */
async function browseTree(page) {
  const canvas = page.locator('ev-tree-canvas');
  const framesOf = () => canvas.evaluate((element) => element.frames);
  await until('a frame', async () => (await framesOf()).length > 0);
  const { x, y, width, height } = await canvas.locator('canvas').boundingBox();
  const middle = [x + width / 2, y + height / 2];
  await page.mouse.move(...middle);
  for (let zoom = 0; zoom < ZOOMS; zoom += 1) {
    const before = (await framesOf()).length;
    await page.mouse.wheel(0, -300);
    await page.mouse.down();
    for (const step of [40, 80, 120]) await page.mouse.move(middle[0] + step, middle[1] - step);
    await page.mouse.up();
    await page.mouse.move(...middle);
    await until('more frames', async () => (await framesOf()).length > before);
  }
  return framesOf();
}

for (const [name, tree] of Object.entries({ grown, chains })) {
  test(`a tree of 100,000 is drawn with few members in each frame: ${name}`, async (check) => {
    const { page } = await enter({ session: await signInDemo('member1') });
    const shape = tree(TREE_SIZE);
    await giveTree(page, shape);
    await open(page, '/tree');
    await see(page, t('tree.count', { count: shape.ids.length - 1 }));
    const frames = await browseTree(page);
    const times = frames.map(({ time }) => time).sort((a, b) => a - b);
    const most = Math.max(...frames.map(({ members }) => members));
    check.diagnostic(`${frames.length} frames, at most ${most} members in one`);
    check.diagnostic(`script time of a frame: 95 % below ${times[Math.floor(times.length * 0.95)].toFixed(1)} ms`);
    assert.ok(most > 20 && most <= MAX_MEMBERS, `${most} members in a frame`);
    assert.ok((await page.getByRole('treeitem').count()) <= 30, 'screen readers get a part of the tree');
  });
}

test('no page had a fault', () => {
  for (const person of people) assertNoFaults(person);
});
