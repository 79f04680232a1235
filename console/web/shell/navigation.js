// `<ev-navigation>`: the header with the person's menu, and the pages that the person may see.

import { ViewElement } from './view-element.js';
import { custom, h } from './view.js';
import { pages } from './pages.js';
import { canSee, isStaff, signOut } from './session.js';
import { counts, onCounts } from './counts.js';
import { LOCALES, currentLocale, t } from '../i18n/i18n.js';
import { chooseLanguage } from './language.js';
import { isOpenedBySlash, openSearch, setOpenedBySlash } from './search.js';
import { THEMES, currentTheme, setTheme } from './theme.js';

/** @typedef {import('./pages.js').Page} Page */

const SEARCH_KEYS = 'Ctrl K';

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
        searchButton(),
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
    if (shown.parent) return shown.parent === page.path ? 'true' : null;
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
        h(
          'label',
          { class: 'choice' },
          h('input', {
            type: 'checkbox',
            checked: isOpenedBySlash(),
            onchange: (/** @type {{target: HTMLInputElement}} */ { target }) => setOpenedBySlash(target.checked),
          }),
          t('search.by_slash'),
        ),
        h('a', { href: '/profile' }, t('profile.title')),
        h('button', { type: 'button', onclick: () => signOut() }, t('session.sign_out')),
      ),
    );
  }
}

const searchButton = () =>
  h(
    'button',
    {
      type: 'button',
      class: 'search-open',
      // The name has the visible text, also where a narrow screen leaves that out.
      'aria-label': `${t('search.title')} ${SEARCH_KEYS}`,
      onclick: () => void openSearch(),
    },
    custom('ev-icon', { name: 'search' }),
    h('span', null, t('search.title')),
    ' ',
    h('kbd', null, SEARCH_KEYS),
  );

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
    if (page.group && canSee(page.access)) found.set(page.group, [...(found.get(page.group) ?? []), page]);
  }
  return [...found];
}

customElements.define('ev-navigation', Navigation);
