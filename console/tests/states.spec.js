// Every page while it reads and when it is refused: it says what is wrong, and shows its content when that is over.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { memberPages } from '../web/member/pages.js';
import { officePages } from '../web/office/pages.js';
import { open } from './support/actions.js';
import { assertNoFaults, openBrowser, openPerson } from './support/browser.js';
import { signInAdministrator, signInDemo } from './support/members.js';
import { until } from './support/platform.js';
import { addressOf, prepareSamples } from './support/samples.js';
import { follow, press, settled, tabPool } from './support/tabs.js';
import { t } from './support/texts.js';

const WORKERS = 3;
/** What the frame of every page reads, and how a session goes on. */
const NOT_OF_THE_PAGE = /\/(queue-counts|unread-count|auth\/refresh|notifications\/stream)$/;
/** An address without a page, so that the next one begins anew. */
const NOWHERE = '/nowhere';
/** Faults that the tests themselves cause. */
const PROVOKED = /ERR_INTERNET_DISCONNECTED/;

/** The refusals of the API with their texts; `is` is what a person can do. */
const REFUSALS = [
  { status: 503, code: 'request.unavailable', text: 'problem.status.503', isTemporary: true },
  { status: 429, code: 'gateway.rate_limited', text: 'problem.gateway.rate_limited', retryAfter: 30 },
  { status: 403, code: 'auth.forbidden', text: 'problem.status.403' },
  { status: 404, code: 'request.not_found', mayBeEmpty: true },
];

let browser;
let samples;
/** People by the access of their pages. */
const people = {};
const withTab = tabPool(watchReads);

before(async () => {
  browser = await openBrowser();
  samples = await prepareSamples();
  const [member, office] = [await signInDemo('asha'), await signInAdministrator()];
  people.public = await openPerson(browser);
  people.member = await openPerson(browser, { session: member });
  people.staff = people.admin = await openPerson(browser, { session: office });
  for (const { page } of new Set(Object.values(people))) {
    await open(page, '/');
    await page.locator('h1').first().waitFor();
  }
});

after(() => browser.close());

/** Lets a tab's `answer` answer the reads of its page in place of the API; `reads` counts them. */
async function watchReads(tab) {
  tab.reads = 0;
  tab.answer = null;
  await tab.page.route('**/api/v1/**', (route) => {
    if (NOT_OF_THE_PAGE.test(new URL(route.request().url()).pathname)) return route.fallback();
    tab.reads += 1;
    return tab.answer ? tab.answer(route) : route.fallback();
  });
}

/** Opens a page anew, with `answer` in place of the API, and returns whether it reads anything. */
async function enter(tab, address, answer) {
  await follow(tab.page, NOWHERE);
  await tab.page.getByText(t('page.not_found')).waitFor();
  Object.assign(tab, { answer, reads: 0 });
  await follow(tab.page, address);
  await tab.page
    .locator('h1')
    .filter({ hasNotText: t('page.not_found') })
    .first()
    .waitFor();
}

const problems = (page) => page.locator('ev-problem');
/** What a page says besides its heading. */
const saysMore = (page) =>
  page.locator('main').evaluate((main) => {
    const heading = main.querySelector('h1')?.innerText.length ?? 0;
    return main.innerText.trim().length > heading + 2;
  });

async function checkLoading(tab, address) {
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await enter(tab, address, async (route) => {
    await held;
    return route.fallback();
  });
  if (tab.reads > 0) {
    const busy = tab.page.locator('main').locator('.skeleton, [aria-busy=true], [role=status]').first();
    assert.ok(await busy.count(), 'the page says that it reads');
  }
  release();
  await settled(tab);
  assert.equal(await problems(tab.page).count(), 0);
}

/** Requires that a page shows why its reads are refused; `ready` ends the refusal, after which the page is whole. */
async function checkRefusal(tab, address, { status, code, text, retryAfter, mayBeEmpty, isTemporary }) {
  const headers = retryAfter ? { 'Retry-After': String(retryAfter) } : {};
  await enter(tab, address, (route) => route.fulfill({ status, headers, json: { code, status } }));
  await settled(tab);
  if (tab.reads === 0) return;
  assert.ok(await saysMore(tab.page), `${status}: the page has more than its heading`);
  if (mayBeEmpty) return;
  const shown = problems(tab.page);
  assert.ok((await shown.count()) > 0, `${status}: a problem is shown`);
  const words = await shown.first().innerText();
  assert.ok(words.includes(t(text)), `${status}: ${words}`);
  if (retryAfter) {
    assert.match(words, /\d+/, 'the seconds are counted');
    assert.ok(
      await shown
        .first()
        .getByRole('button', { name: t('action.retry') })
        .isDisabled(),
    );
  }
  if (isTemporary) await retry(tab);
}

/** Waits until no problem is left; before each look, `act` does something about the first one. */
async function withoutProblem(page, act = async () => undefined) {
  let left = '';
  await until(
    () => `${page.url()} without a problem; left: ${left}`,
    async () => {
      await act();
      left = (await problems(page).allInnerTexts()).join('; ');
      return left === '';
    },
  );
}

/** Repeats every read that was refused. */
async function retry(tab) {
  tab.answer = null;
  const button = problems(tab.page)
    .getByRole('button', { name: t('action.retry') })
    .first();
  await withoutProblem(tab.page, async () => {
    if (await button.isVisible()) await press(button);
  });
  await settled(tab);
  assert.equal(await problems(tab.page).count(), 0, 'the page is whole again');
}

async function checkOffline(tab, address) {
  await enter(tab, address, (route) => route.abort('internetdisconnected'));
  await settled(tab);
  if (tab.reads === 0) return;
  const words = await problems(tab.page).first().innerText();
  assert.ok(words.includes(t('problem.network.offline')), words);
  tab.answer = null;
  await tab.page.evaluate(() => window.dispatchEvent(new Event('online')));
  await withoutProblem(tab.page);
  await settled(tab);
}

test('every page', { concurrency: WORKERS }, async (t) => {
  await Promise.all(
    [...memberPages, ...officePages].map((page) =>
      t.test(page.path, () =>
        withTab(people[page.access], async (tab) => {
          const address = addressOf(page, samples);
          await checkLoading(tab, address);
          for (const refusal of REFUSALS) await checkRefusal(tab, address, refusal);
          await checkOffline(tab, address);
        }),
      ),
    ),
  );
});

test('no page had a fault besides those that were provoked', () => {
  for (const person of new Set(Object.values(people))) assertNoFaults(person, PROVOKED);
});
