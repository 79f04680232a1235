// Short messages about what happened, in a live region that screen readers announce.

import { h } from './view.js';

const DURATION_MS = 6_000;

/** The region, made once: a live region has to be in the document before its text. */
const region = h('div', { class: 'toasts', role: 'status', 'aria-live': 'polite' });
document.body.append(region);

/**
 * Shows a message for six seconds.
 * @param {string} text
 */
export function toast(text) {
  const message = h('p', { class: 'toast' }, text);
  region.append(message);
  setTimeout(() => message.remove(), DURATION_MS);
}
