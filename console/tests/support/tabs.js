// Tabs that go from page to page without loading a document, as a person does who follows links.

import { open } from './actions.js';
import { until } from './platform.js';

/** Opens a tab at the start page, with its requests that have no answer yet. */
export async function openTab({ context }) {
  const page = await context.newPage();
  const pending = new Set();
  page.on('request', (request) => pending.add(request));
  for (const end of ['requestfinished', 'requestfailed']) page.on(end, (request) => pending.delete(request));
  await open(page, '/');
  return { page, pending };
}

/** Goes to an address as a link of the console does. */
export const follow = (page, address) =>
  page.evaluate((to) => {
    history.pushState(null, '', to);
    window.dispatchEvent(new PopStateEvent('popstate'));
  }, address);

/**
 * Presses a button of a tab that may be behind another one. For a click as a pointer does it Playwright awaits frames,
 * of which such a tab has two a second.
 */
export const press = (button) => button.dispatchEvent('click');

/** What of the page is not there yet: its heading, or what stands in place of content. */
const missing = (page) =>
  page.evaluate(() => {
    const placeholder = document.querySelector('.skeleton, .splash, [aria-busy=true]');
    if (placeholder) return `${placeholder.parentElement?.localName} waits in a ${placeholder.className}`;
    return document.querySelector('h1') ? '' : 'there is no heading';
  });

/** Waits until the page has read everything that it shows, and stays so for a moment. */
export async function settled({ page, pending }) {
  let quiet = 0;
  let lacks = '';
  const isSettled = async () => {
    lacks = await missing(page);
    quiet = !lacks && pending.size === 0 ? quiet + 1 : 0;
    return quiet === 3;
  };
  const addresses = () => [...pending].map((request) => request.url()).join(', ');
  await until(() => `all of ${page.url()}; ${lacks}; without an answer: ${addresses()}`, isSettled);
}

/**
 * A function that gives a tab of a person to one use at a time. `prepare` is done with each new tab.
 */
export function tabPool(prepare) {
  const free = new Map();
  return async (person, use) => {
    const tabs = free.get(person) ?? [];
    free.set(person, tabs);
    const tab = tabs.pop() ?? (await openTab(person));
    if (!tab.isPrepared) await prepare(tab);
    tab.isPrepared = true;
    try {
      return await use(tab);
    } finally {
      tabs.push(tab);
    }
  };
}
