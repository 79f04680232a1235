// `<ev-tree-search>`: finds a member of the tree by name or referral code.

import { h } from '../shell/view.js';
import { ComboboxElement } from '../shell/combobox.js';
import { findMembers } from '../member/search.js';
import { t } from '../i18n/i18n.js';

class TreeSearch extends ComboboxElement {
  /** @type {(id: string) => void} */
  chosen = () => undefined;

  /**
   * @param {string} text
   * @param {AbortSignal} signal
   */
  async search(text, signal) {
    return [{ label: t('tree.found'), options: await findMembers(text, signal) }];
  }

  /** @param {import('../shell/combobox.js').Option} option */
  choose({ id }) {
    this.close();
    this.chosen(id);
  }

  view() {
    this.listLabel = t('tree.found');
    return h(
      'search',
      { class: 'combobox popup' },
      this.field({ type: 'search', 'aria-label': t('tree.search'), placeholder: t('tree.search') }),
      this.popup(),
    );
  }
}

customElements.define('ev-tree-search', TreeSearch);
