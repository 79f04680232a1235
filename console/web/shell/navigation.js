// `<ev-navigation>`: the header with the person's menu, and the pages that the person may see.

import { ViewElement } from './view-element.js';
import { custom, h } from './view.js';
import { pages } from './pages.js';
import { isAdmin, isStaff, signOut } from './session.js';
import { counts, onCounts } from './counts.js';
import { LOCALES, currentLocale, t } from '../i18n/i18n.js';
import { chooseLanguage } from './language.js';
import { THEMES, currentTheme, setTheme } from './theme.js';

/** @typedef {import('./pages.js').Page} Page */

class Navigation extends ViewElement {
  /** @type {import('./router.js').Route | null} */
  route = null;
  #isOpen = false;

  start() {
    onCounts(() => this.update(), this.signal);
    this.addEventListener('keydown', (event) => event.key === 'Escape' && this.#toggle(false), { signal: this.signal });
  }

  /** @param {boolean} isOpen */
  #toggle(isOpen) {
    this.#isOpen = isOpen;
    this.update();
  }

  view() {
    return [
      h(
        'header',
        { class: 'bar' },
        h(
          'button',
          {
            type: 'button',
            class: 'icon menu',
            'aria-expanded': String(this.#isOpen),
            'aria-controls': 'navigation',
            'aria-label': t('app.menu'),
            onclick: () => this.#toggle(!this.#isOpen),
          },
          custom('ev-icon', { name: 'menu' }),
        ),
        h('a', { class: 'brand', href: '/' }, custom('ev-icon', { name: 'vehicle' }), t('app.name')),
        h('span', { class: 'grow' }),
        this.#bell(),
        this.#settings(),
      ),
      h(
        'nav',
        {
          id: 'navigation',
          'aria-label': t('app.navigation'),
          'data-open': this.#isOpen,
          onclick: () => this.#toggle(false),
        },
        groups().map(([group, entries]) => [
          h('h2', null, t(group)),
          h(
            'ul',
            null,
            entries.map((page) => this.#entry(page)),
          ),
        ]),
      ),
    ];
  }

  /** @param {Page} page */
  #entry(page) {
    const count = page.queue ? counts()[page.queue] : undefined;
    return h(
      'li',
      null,
      h(
        'a',
        { href: (isStaff() && page.alias) || page.path, 'aria-current': this.#current(page) },
        custom('ev-icon', { name: page.icon ?? 'document' }),
        t(page.title),
        count ? h('span', { class: 'badge' }, count) : null,
      ),
    );
  }

  /**
   * Whether the entry leads to the page shown now, or to the list that the page belongs to.
   * @param {Page} page
   */
  #current(page) {
    const shown = this.route?.page;
    if (shown === page) return 'page';
    if (!shown || shown.group) return null;
    const lists = pages.filter((list) => list.group && shown.path.startsWith(`${list.path}/`));
    return lists.every((list) => list.path.length <= page.path.length) && lists.includes(page) ? 'true' : null;
  }

  #bell() {
    const unread = Number(counts()['notifications'] ?? 0);
    const label = t('notifications.unread', { count: unread });
    return h(
      'a',
      { class: 'icon button', href: '/notifications', 'aria-label': label },
      custom('ev-icon', { name: 'bell' }),
      unread > 0 ? h('span', { class: 'badge' }, unread) : null,
    );
  }

  #settings() {
    return h(
      'details',
      { class: 'dropdown' },
      h('summary', { class: 'icon button', 'aria-label': t('app.settings') }, custom('ev-icon', { name: 'person' })),
      h(
        'div',
        { class: 'sheet' },
        choice(t('app.language'), currentLocale(), LOCALES, (l) => t(`locale.${l}`), chooseLanguage),
        choice(t('app.theme'), currentTheme(), THEMES, (theme) => t(`theme.${theme}`), setTheme),
        h('a', { href: '/profile' }, t('profile.title')),
        h('button', { type: 'button', onclick: () => signOut() }, t('session.sign_out')),
      ),
    );
  }
}

/**
 * @template {string} T
 * @param {string} label
 * @param {T} value
 * @param {readonly T[]} values
 * @param {(value: T) => string} text
 * @param {(value: T) => unknown} choose
 */
function choice(label, value, values, text, choose) {
  return h(
    'label',
    { class: 'field' },
    label,
    h(
      'select',
      { onchange: (/** @type {{target: HTMLSelectElement}} */ event) => choose(/** @type {T} */ (event.target.value)) },
      values.map((v) => h('option', { value: v, selected: v === value }, text(v))),
    ),
  );
}

/** The groups of the navigation with the pages that the person may see. */
function groups() {
  /** @type {Map<string, Page[]>} */
  const found = new Map();
  for (const page of pages) {
    const isAllowed = page.access === 'member' || (page.access === 'staff' && isStaff()) || isAdmin();
    if (page.group && isAllowed) found.set(page.group, [...(found.get(page.group) ?? []), page]);
  }
  return [...found];
}

customElements.define('ev-navigation', Navigation);
