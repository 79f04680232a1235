// `<ev-forfeit-list>`: the entitlements and requests of a member that moved no money, with their reasons.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { pageList } from '../shell/page-list.js';
import { get } from '../shell/api.js';
import { ownId } from '../shell/session.js';
import { dateTime, money } from '../i18n/format.js';
import { find, t } from '../i18n/i18n.js';
import { referenceText } from './explanation.js';

/** @typedef {import('../shell/api.js').Answer<'get', '/api/v1/wallet/forfeits'>['items'][number]} Forfeit */
/** @typedef {{cursor: string | null, limit: number, signal: AbortSignal}} PageRequest */

class ForfeitList extends ViewElement {
  /** The member whose list staff see; one's own by default. */
  userId = '';

  view() {
    return h(
      'section',
      { class: 'stack' },
      h('h2', null, t('wallet.forfeits')),
      h('p', { class: 'hint' }, t('wallet.forfeits_hint')),
      pageList({
        caption: t('wallet.forfeits'),
        empty: t('wallet.forfeits_empty'),
        columns: columns(),
        rowKey: (forfeit) => forfeit.id,
        link: (forfeit) => `/wallet/forfeits/${forfeit.id}`,
        read: this.#read,
      }),
    );
  }

  #read = (/** @type {PageRequest} */ { signal, ...page }) =>
    get('/api/v1/wallet/forfeits', { query: { user_id: this.userId || ownId(), ...page }, signal });
}

/** @returns {import('../shell/list.js').Column<Forfeit>[]} */
const columns = () => [
  {
    label: t('wallet.forfeit'),
    cell: ({ kind, reference }) => [
      h('strong', null, t(`wallet.kind.${kind}`)),
      h('span', { class: 'hint block' }, referenceText(reference)),
    ],
  },
  {
    label: t('wallet.forfeit_reason'),
    cell: ({ reason, description, amount }) => find(`wallet.rule.${reason}`, { amount: money(amount) }) ?? description,
    isWide: true,
  },
  { label: t('wallet.at'), cell: (forfeit) => dateTime(forfeit.created_at), isWide: true },
  { label: t('wallet.forfeit_amount'), align: 'end', cell: (forfeit) => money(forfeit.amount) },
];

customElements.define('ev-forfeit-list', ForfeitList);
