// Router: finds the page of an address, and follows links inside the console without loading a document.

import { pages } from './pages.js';

/** @typedef {import('./pages.js').Page} Page */
/** @typedef {{page: Page, params: Record<string, string>, query: URLSearchParams}} Route */

const navigations = new EventTarget();

/**
 * The page of an address, with the variable parts of its path.
 * @param {URL} url
 * @returns {Route | null}
 */
export function match(url) {
  for (const page of pages) {
    for (const path of page.alias ? [page.path, page.alias] : [page.path]) {
      const names = [...path.matchAll(/:(\w+)/g)].map((found) => found[1] ?? '');
      const pattern = new RegExp(`^${path.replace(/:\w+/g, '([^/]+)')}/?$`);
      const found = pattern.exec(url.pathname);
      if (!found) continue;
      const params = Object.fromEntries(names.map((name, i) => [name, decodeURIComponent(found[i + 1] ?? '')]));
      return { page, params, query: url.searchParams };
    }
  }
  return null;
}

/** The route of the address shown now. */
export const currentRoute = () => match(new URL(location.href));

/**
 * Goes to an address of the console.
 * @param {string} address
 * @param {{replace?: boolean}} [options] `replace` leaves no entry in the history
 */
export function navigate(address, { replace = false } = {}) {
  if (replace) history.replaceState(null, '', address);
  else history.pushState(null, '', address);
  navigations.dispatchEvent(new Event('navigate'));
}

/**
 * Changes the query of the address without a navigation, so that a reload or a shared link shows the same filters.
 * @param {Record<string, string | undefined>} query
 */
export function rememberQuery(query) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value) search.set(name, value);
  history.replaceState(null, '', search.size > 0 ? `?${search}` : location.pathname);
}

/**
 * Calls `listener` after each navigation, until `signal` is aborted.
 * @param {() => void} listener
 * @param {AbortSignal} signal
 */
export function onNavigation(listener, signal) {
  navigations.addEventListener('navigate', listener, { signal });
  window.addEventListener('popstate', listener, { signal });
}

/**
 * Follows a click on a link of the console.
 * @param {MouseEvent} event
 */
export function followLink(event) {
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
  if (!link || !isPlain || event.defaultPrevented || link.target || link.hasAttribute('download')) return;
  const url = new URL(link.href);
  if (url.origin !== location.origin || !match(url)) return;
  event.preventDefault();
  navigate(`${url.pathname}${url.search}`);
}
