// `<ev-referrals-page>`: the member's referral link, their preferred side, and the members they referred.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { pageList, reloadList } from '../shell/page-list.js';
import { get } from '../shell/api.js';
import { onChange } from '../shell/live.js';
import { tag } from '../shell/parts.js';
import { date } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import './preferred-side.js';
import './referral-link.js';

/** @typedef {Awaited<ReturnType<typeof readReferrals>>['items'][number]} Referral */
/** @typedef {{cursor: string | null, limit: number}} PageQuery */

/**
 * @param {PageQuery} query
 * @param {AbortSignal} signal
 */
const readReferrals = (query, signal) => get('/api/v1/users/me/referrals', { query, signal });

class ReferralsPage extends ViewElement {
  start() {
    onChange(['tree'], () => this.#reload(), this.signal);
  }

  #reload() {
    reloadList(this);
  }

  view() {
    return h(
      'div',
      { class: 'page' },
      h('h1', null, t('referrals.title')),
      h(
        'div',
        { class: 'cards' },
        h('section', { class: 'card' }, h('h2', null, t('referrals.link')), custom('ev-referral-link')),
        h(
          'section',
          { class: 'card' },
          h('h2', null, t('side.preferred')),
          custom('ev-preferred-side', { class: 'stack' }),
        ),
      ),
      h('h2', null, t('referrals.members')),
      pageList({
        caption: t('referrals.members'),
        empty: t('referrals.empty'),
        columns: columns(),
        rowKey: (row) => row.user_id,
        read: this.#read,
      }),
    );
  }

  #read = (/** @type {PageQuery & {signal: AbortSignal}} */ { signal, ...page }) => readReferrals(page, signal);
}

/** @returns {import('../shell/list.js').Column<Referral>[]} */
const columns = () => [
  { label: t('referrals.name'), cell: (row) => h('strong', null, row.name) },
  { label: t('referrals.joined_at'), cell: (row) => date(row.joined_at), isWide: true },
  {
    label: t('referrals.place'),
    cell: (row) => (row.placed ? tag(t('referrals.placed'), 'good') : tag(t('referrals.waiting'), 'warn')),
  },
  {
    label: t('home.active_buyer'),
    cell: (row) => (row.is_active_buyer ? tag(t('referrals.active'), 'good') : tag(t('referrals.not_active'), 'plain')),
  },
];

customElements.define('ev-referrals-page', ReferralsPage);
