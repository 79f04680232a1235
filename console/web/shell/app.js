// `<ev-app>`: the frame of the console: header, navigation, and the page of the current address.

import { ViewElement } from './view-element.js';
import { custom, h } from './view.js';
import { offline } from './problem.js';
import { currentRoute, followLink, navigate, onNavigation } from './router.js';
import { canSee, currentUser, isStaff, onSessionChange } from './session.js';
import { loadOfficeTexts, t } from '../i18n/i18n.js';
import { publicHeader } from './public-header.js';
import './icon.js';
import './navigation.js';
import './problem-element.js';
import './confirmation.js';

/** @typedef {import('./router.js').Route} Route */

class App extends ViewElement {
  static observedAttributes = ['ready'];
  /** @type {Route | null} */
  #route = null;
  #isLoaded = false;
  /** @type {unknown} */
  #error;

  attributeChangedCallback() {
    if (!this.isConnected) return;
    void this.#navigate();
    void startOffice();
  }

  start() {
    this.addEventListener('click', followLink, { signal: this.signal });
    onNavigation(() => this.#navigate(), this.signal);
    onSessionChange(() => {
      void this.#navigate();
      void startOffice();
    }, this.signal);
    window.addEventListener('online', () => this.update(), { signal: this.signal });
    window.addEventListener('offline', () => this.update(), { signal: this.signal });
  }

  async #navigate() {
    if (!this.hasAttribute('ready')) return;
    const route = currentRoute();
    const redirect = route && redirectFor(route);
    if (redirect) return navigate(redirect, { replace: true });
    const isOtherPage = route?.page !== this.#route?.page;
    [this.#route, this.#isLoaded, this.#error] = [route, false, undefined];
    try {
      // The navigation of staff has titles of the office.
      if (isStaff()) await loadOfficeTexts();
      this.update();
      await route?.page.load();
    } catch (error) {
      // A module that cannot be fetched is a `TypeError`.
      this.#error = error instanceof TypeError ? offline() : error;
    }
    if (this.#route !== route) return;
    this.#isLoaded = true;
    document.title = `${t(route?.page.title ?? 'page.not_found')} – ${t('app.name')}`;
    this.update();
    if (isOtherPage) {
      window.scrollTo({ top: 0 });
      // A screen reader starts at the new page's heading, as after loading a document.
      requestAnimationFrame(() => this.querySelector('main')?.focus({ preventScroll: true }));
    }
  }

  view() {
    if (!this.hasAttribute('ready')) return h('div', { class: 'splash', 'aria-busy': 'true' });
    const isFramed = currentUser() !== null;
    return [
      h('a', { class: 'skip', href: '#main' }, t('app.skip')),
      navigator.onLine ? null : h('p', { class: 'banner', role: 'status' }, t('problem.network.offline')),
      isFramed ? custom('ev-navigation', { '.route': this.#route }) : publicHeader(),
      h('main', { id: 'main', tabindex: -1, class: isFramed ? null : 'alone' }, this.#page()),
    ];
  }

  #page() {
    if (!this.#route) return notFound();
    if (this.#error) return custom('ev-problem', { '.error': this.#error, '.retry': () => this.#navigate() });
    if (!this.#isLoaded) return null;
    const { page, params, query } = this.#route;
    // Another id is another page: its element starts anew.
    const key = `${page.path} ${Object.values(params).join(' ')}`;
    return custom(page.element, { key, '.params': params, '.query': query });
  }
}

/** Begins what staff see on every page. */
async function startOffice() {
  if (isStaff()) (await import('../office/queues.js')).startQueues();
}

/**
 * Where a person goes who may not see the page: to sign-in, or to their own home.
 * @param {Route} route
 */
function redirectFor({ page, query }) {
  if (page.access === 'public') return null;
  // A referral link has the code in its query.
  const referral = page.path === '/' ? query.get('ref') : null;
  if (!currentUser() && referral) return `/join/${encodeURIComponent(referral)}`;
  if (!currentUser()) return `/sign-in?then=${encodeURIComponent(location.pathname + location.search)}`;
  if (location.pathname === '/' && isStaff()) return '/office';
  return canSee(page.access) ? null : '/';
}

const notFound = () =>
  h(
    'div',
    { class: 'empty' },
    h('h1', null, t('page.not_found')),
    h('p', null, h('a', { href: '/' }, t('action.home'))),
  );

customElements.define('ev-app', App);
