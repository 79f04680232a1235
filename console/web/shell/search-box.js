// `<ev-search>`: finds pages by title, and people, bookings and members through the API.

import { h } from './view.js';
import { ComboboxElement } from './combobox.js';
import { pages } from './pages.js';
import { navigate } from './router.js';
import { canSee, isStaff, onSessionChange } from './session.js';
import { t } from '../i18n/i18n.js';

/** @typedef {import('./combobox.js').Option} Option */

const MOST_RECENT = 5;
const MOST_PAGES = 6;

/** @type {readonly Option[]} What was chosen last, newest first. It is in memory alone and ends with the session. */
let recent = [];
onSessionChange(() => (recent = []));

class Search extends ComboboxElement {
  /** @type {(result: undefined) => void} */
  done = () => undefined;
  isOpen = true;
  isPopup = false;

  get suggestions() {
    if (this.text === '') return [{ label: t('search.recent'), options: recent }];
    return [{ label: t('search.pages'), options: findPages(this.text) }];
  }

  /**
   * @param {string} text
   * @param {AbortSignal} signal
   */
  async search(text, signal) {
    const { find } = isStaff() ? await import('../office/search.js') : await import('../member/search.js');
    return find(text, signal);
  }

  /** @param {Option} option */
  choose(option) {
    recent = [option, ...recent.filter(({ id }) => id !== option.id)].slice(0, MOST_RECENT);
    this.done(undefined);
    navigate(option.address ?? '/');
  }

  view() {
    const label = t(isStaff() ? 'search.office_label' : 'search.member_label');
    this.listLabel = t('search.results');
    return h(
      'search',
      { class: 'stack combobox' },
      this.field({ 'aria-label': label, placeholder: label, autofocus: true, enterkeyhint: 'go' }),
      this.list(),
      this.text ? null : h('p', { class: 'hint keyboard-hint' }, t('search.keys')),
    );
  }
}

/**
 * The pages with every word of the text in their title.
 * @param {string} text
 * @returns {Option[]}
 */
function findPages(text) {
  const words = text.toLowerCase().split(/\s+/);
  return pages
    .filter(({ access, path }) => access !== 'public' && canSee(access) && !path.includes(':'))
    .map(({ path, alias, title, group }) => ({
      id: path,
      title: t(title),
      subtitle: t(group ?? 'group.member'),
      address: (isStaff() && alias) || path,
    }))
    .filter(({ title }) => words.every((word) => title.toLowerCase().includes(word)))
    .slice(0, MOST_PAGES);
}

customElements.define('ev-search', Search);
