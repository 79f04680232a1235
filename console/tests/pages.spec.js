// Every page of the console, in both languages and themes: accessible, within a narrow screen, and without a fault.
//
// The pages are those of the console's own table, so a new one cannot be forgotten. With EV_SCREENSHOTS, a folder, each
// is pictured in light, in dark and on a phone. With EV_BRIEF each page is checked in one of the languages.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { memberPages } from '../web/member/pages.js';
import { officePages } from '../web/office/pages.js';
import { open } from './support/actions.js';
import { assertNoFaults, openBrowser, openPerson, picture } from './support/browser.js';
import { signInAdministrator, signInDemo } from './support/members.js';
import { addressOf, prepareSamples } from './support/samples.js';
import { follow, press, settled, tabPool } from './support/tabs.js';

const LANGUAGES = ['en', 'hi'];
const isBrief = Boolean(process.env.EV_BRIEF);
const RULES = { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] };
/** The themes differ in colours alone. */
const RULES_OF_COLOUR = { type: 'rule', values: ['color-contrast', 'link-in-text-block'] };
/** Tabs of the browser that work at the same time. */
const WORKERS = 3;
const DESKTOP = { width: 1280, height: 900 };
const PHONE = { width: 320, height: 640 };
/** What a member may not have yet, and is then not found. */
const MAY_BE_ABSENT =
  /\/(api\/v1\/(binary\/me|users\/[^/]+\/(kyc|nominee|erasure-request)|terms\/[a-z]+|documents\/verify\/[^/]+)|dev\/sign-in)$/;

let browser;
let axe;
/** The addresses of pages with variable parts, by path. */
let samples;
/** People by `ACCESS LANGUAGE`. */
const people = new Map();
const withTab = tabPool(({ page }) => page.evaluate(axe));

before(async () => {
  browser = await openBrowser();
  axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  samples = await prepareSamples();
  for (const language of LANGUAGES) {
    // A change of the theme takes no time, so that its colours can be judged at once.
    const enter = (session) => openPerson(browser, { session, reducedMotion: 'reduce' });
    const [member, office] = [await enter(await signInDemo('asha')), await enter(await signInAdministrator())];
    const entries = { public: await enter(), member, staff: office, admin: office };
    for (const person of new Set(Object.values(entries))) {
      await person.context.addInitScript(chooseLanguage, language);
      watchAnswers(person);
      // The other tabs take their session from this one.
      await open(person.page, '/');
      await person.page.locator('h1').first().waitFor();
    }
    for (const [access, person] of Object.entries(entries)) people.set(`${access} ${language}`, person);
  }
});

after(() => browser.close());

/** A tab that has opened no page yet has no storage. */
function chooseLanguage(language) {
  if (location.protocol.startsWith('http')) localStorage.setItem('ev.locale', language);
}

/** Answers that refuse are faults, except that something is not there yet. */
function watchAnswers({ context, faults }) {
  context.on('response', (answer) => {
    const isExpected = answer.status() === 404 && MAY_BE_ABSENT.test(new URL(answer.url()).pathname);
    if (answer.status() >= 400 && !isExpected) faults.push(`${answer.status()} ${answer.url()}`);
  });
}

/** The violations that axe finds, each with its elements. */
async function violations(page, runOnly) {
  // The size of targets is the one rule of WCAG 2.2 that axe leaves out unless it is asked for.
  const rules = runOnly.type === 'tag' ? { 'target-size': { enabled: true } } : {};
  const options = { runOnly, rules, preload: false, resultTypes: ['violations'] };
  const result = await page.evaluate((options) => globalThis.axe.run(document, options), options);
  return result.violations.map(({ id, impact, nodes }) => ({
    rule: `${impact}: ${id}`,
    nodes: nodes.map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary.split('\n')[1]?.trim()}`),
  }));
}

/** The elements that make the page wider than the screen. */
const tooWide = (page) =>
  page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const wide = [...document.querySelectorAll('main *')].filter((e) => e.getBoundingClientRect().right > clientWidth);
    return [
      `${scrollWidth} > ${clientWidth}`,
      ...wide.slice(0, 5).map(({ localName, className }) => `${localName}.${className}`),
    ];
  });

/** Checks a page and, in one language, what each of its tabs shows. */
async function check(tab, address, name, hasTabs) {
  const { page } = tab;
  await page.setViewportSize(DESKTOP);
  await follow(page, address);
  await settled(tab);
  assert.equal(new URL(page.url()).pathname, address.split('?')[0], 'the page leads elsewhere');
  await checkView(tab, name);
  const others = hasTabs ? (await page.getByRole('tab').all()).slice(1) : [];
  for (const [i, other] of others.entries()) {
    await press(other);
    await settled(tab);
    await checkView(tab, `${name}-${i + 2}`, await other.innerText());
  }
}

/** Checks what a page shows now: in both themes, and on a phone. */
async function checkView({ page }, name, part = '') {
  assert.equal(await page.locator('ev-problem').count(), 0, `${part} shows a problem`);
  await picture(page, `${name}-light`, { fullPage: true });
  assert.deepEqual(await violations(page, RULES), [], `${part} in light`);
  await page.emulateMedia({ colorScheme: 'dark' });
  await picture(page, `${name}-dark`, { fullPage: true });
  assert.deepEqual(await violations(page, RULES_OF_COLOUR), [], `${part} in dark`);
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(PHONE);
  assert.deepEqual(await tooWide(page), [], `${part} scrolls sideways on a phone`);
  await picture(page, `${name}-phone`, { fullPage: true });
  assert.deepEqual(await violations(page, RULES), [], `${part} on a phone`);
  await page.setViewportSize(DESKTOP);
}

test('every page', { concurrency: WORKERS }, async (t) => {
  const all = [...memberPages, ...officePages].flatMap((page, i) =>
    LANGUAGES.map((language) => ({ page, language })).filter((_, k) => !isBrief || k === i % LANGUAGES.length),
  );
  await Promise.all(
    all.map(({ page, language }) => {
      const name = `${language}/${page.path.replace(/^\//, '').replace(/\W+/g, '-') || 'home'}`;
      return t.test(`${page.path} in ${language}`, () =>
        withTab(people.get(`${page.access} ${language}`), (tab) =>
          check(tab, addressOf(page, samples), name, language === LANGUAGES[0]),
        ),
      );
    }),
  );
});

test('no page had a fault', () => {
  for (const person of new Set(people.values())) assertNoFaults(person);
});
