// The search of the console: the keys that open it, and its dialog.

import { openDialog } from './dialog.js';
import { custom } from './view.js';
import { currentUser } from './session.js';
import { t } from '../i18n/i18n.js';

const SLASH_KEY = 'ev.search_by_slash';

/** Whether the key `/` opens the search; speech input may press single keys by mistake. */
export const isOpenedBySlash = () => localStorage.getItem(SLASH_KEY) !== 'false';

/** @param {boolean} isOpened */
export const setOpenedBySlash = (isOpened) => localStorage.setItem(SLASH_KEY, String(isOpened));

/** Opens the search by `/` and Ctrl-K. */
export function startSearch() {
  document.addEventListener('keydown', (event) => {
    if (!isSearchKey(event) || !currentUser() || document.querySelector('dialog[open]')) return;
    event.preventDefault();
    void openSearch();
  });
}

/** @param {KeyboardEvent} event */
function isSearchKey({ key, ctrlKey, metaKey, altKey, target }) {
  if (key.toLowerCase() === 'k') return (ctrlKey || metaKey) && !altKey;
  const isTyping = target instanceof Element && target.closest('input, select, textarea, [contenteditable]') !== null;
  return key === '/' && !ctrlKey && !metaKey && !altKey && !isTyping && isOpenedBySlash();
}

/** Opens the dialog of the search. */
export async function openSearch() {
  await import('./search-box.js');
  await openDialog(t('search.title'), (close) => custom('ev-search', { '.done': close }));
}
