// Use of the console without a pointer.

import assert from 'node:assert/strict';

const MAX_STEPS = 80;

/** What has the focus: its name, its role or tag, and whether the focus can be seen. */
const focused = (page) =>
  page.evaluate(() => {
    const element = document.activeElement;
    const style = getComputedStyle(element);
    const labels = [...(element.labels ?? [])].map((label) => label.textContent);
    // In an input of a day the browser marks the part that has the focus.
    const hasParts = ['date', 'month', 'datetime-local'].includes(element.type);
    return {
      name: [element.getAttribute('aria-label'), ...labels, element.textContent].filter(Boolean).join(' '),
      tag: element.tagName.toLowerCase(),
      isVisible: hasParts || (style.outlineStyle !== 'none' && style.outlineWidth !== '0px'),
    };
  });

/** Presses Tab until the focus is on something of this tag whose name contains `name`; each stop has to be visible. */
export async function tabTo(page, tag, name) {
  const stops = [];
  for (let step = 0; step < MAX_STEPS; step += 1) {
    await page.keyboard.press('Tab');
    const stop = await focused(page);
    // After the last element the focus leaves the page; a new page gives it to its main part.
    if (stop.tag === 'body' || stop.tag === 'main') continue;
    assert.ok(stop.isVisible, `the focus on ${stop.tag} ${stop.name.slice(0, 60)} cannot be seen`);
    if (stop.tag === tag && stop.name.includes(name)) return;
    stops.push(`${stop.tag} ${stop.name.slice(0, 30)}`);
  }
  assert.fail(`Tab does not reach ${tag} ${name}: ${stops.join(', ')}`);
}

/** Goes to something with Tab and presses a key there. */
export async function pressOn(page, tag, name, key = 'Enter') {
  await tabTo(page, tag, name);
  await page.keyboard.press(key);
}
