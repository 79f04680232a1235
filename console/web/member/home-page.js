// `<ev-home-page>`: what a member looks at first: money, pairs, the next instalment, and what happened last.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { get, orNull } from '../shell/api.js';
import { card } from '../shell/parts.js';
import { Resource, show } from '../shell/resource.js';
import { onChange, onNotification } from '../shell/live.js';
import { amountOf, date, dateTime, money, number, paise } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { notificationList } from './notification-list.js';

/** @typedef {import('../shell/api.js').Answer<'get', '/api/v1/reports/me'>} Figures */

/**
 * The member's node of the tree, or null before placement.
 * @param {AbortSignal} signal
 */
const readNode = (signal) => orNull(get('/api/v1/binary/me', { signal }));

class HomePage extends ViewElement {
  #profile = new Resource(this, (signal) => get('/api/v1/users/me', { signal }));
  #wallet = new Resource(this, (signal) => get('/api/v1/wallet', { signal }));
  #figures = new Resource(this, (signal) => get('/api/v1/reports/me', { signal }));
  #node = new Resource(this, readNode);
  #latest = new Resource(this, (signal) => get('/api/v1/notifications', { query: { limit: 5 }, signal }));

  start() {
    this.#load();
    onChange(['wallet', 'payout', 'booking', 'tree', 'kyc'], () => this.#load(), this.signal);
    onNotification(() => this.#latest.load(), this.signal);
  }

  #load() {
    const all = [this.#profile, this.#wallet, this.#figures, this.#node, this.#latest];
    for (const resource of all) void resource.load();
  }

  view() {
    return h(
      'div',
      { class: 'page' },
      h('h1', null, this.#profile.value ? t('home.greeting', { name: this.#profile.value.name }) : t('home.title')),
      h('section', { 'aria-label': t('home.money'), class: 'cards' }, show(this.#wallet, balances)),
      h(
        'div',
        { class: 'cards' },
        card(t(`home.pairs.${this.#node.value?.limit.per ?? 'month'}`), show(this.#node, pairs)),
        card(t('home.instalment'), show(this.#figures, nextInstalment)),
        card(t('home.active_buyer'), show(this.#figures, progress)),
      ),
      h(
        'section',
        { class: 'card' },
        h(
          'div',
          { class: 'page-head' },
          h('h2', null, t('home.latest')),
          h('a', { href: '/notifications' }, t('home.all_notifications')),
        ),
        show(this.#latest, ({ items }) => notificationList(items)),
      ),
    );
  }
}

/** @param {{available: string, held: string, emi_reserve: string, clawback_due: string}} wallet */
function balances(wallet) {
  const figures = [
    [t('wallet.available'), wallet.available],
    [t('wallet.held'), wallet.held],
    [t('wallet.emi_reserve'), wallet.emi_reserve],
  ];
  if (paise(wallet.clawback_due) > 0n) figures.push([t('wallet.clawback_due'), wallet.clawback_due]);
  return figures.map(([label = '', amount = '0.00']) =>
    h(
      'a',
      { class: 'card tile', href: '/wallet', key: label },
      h('span', { class: 'label' }, label),
      h('span', { class: 'figure' }, money(amount)),
    ),
  );
}

/** @param {Awaited<ReturnType<typeof readNode>>} node */
function pairs(node) {
  if (!node) return h('p', { class: 'hint' }, t('home.not_placed'));
  const { used, of, per, resets_at: resetsAt } = node.limit;
  return [
    h('p', { class: 'figure' }, t('home.pairs_of', { count: number(used), limit: number(of) })),
    h('progress', { max: of, value: used, 'aria-label': t(`home.pairs.${per}`) }),
    h('p', { class: 'hint' }, t('home.pairs_reset', { time: dateTime(resetsAt) })),
    node.pairs_carried > 0 ? h('p', { class: 'hint' }, t('home.pairs_carried', { count: node.pairs_carried })) : null,
    h('a', { href: '/pairs' }, t('pairs.all')),
  ];
}

/** @param {Figures} figures */
function nextInstalment({ next_instalment: due }) {
  if (!due) return h('p', { class: 'hint' }, t('home.no_instalment'));
  return [
    h('p', { class: 'figure' }, money(amountOf(paise(due.amount) - paise(due.paid)))),
    h('p', null, t('home.due_on', { day: date(due.due_on) })),
    h('a', { href: `/bookings/${due.booking_id}` }, t('home.pay_instalment', { n: due.n, number: due.number })),
  ];
}

/** @param {Figures} figures */
function progress({ total_paid: paid, active_buyer_from: goal }) {
  const missing = paise(goal) - paise(paid);
  if (missing <= 0n)
    return [h('p', { class: 'figure' }, t('home.is_active_buyer')), custom('ev-icon', { name: 'check' })];
  return [
    h('p', { class: 'figure' }, money(paid)),
    h('progress', { max: Number(paise(goal)), value: Number(paise(paid)), 'aria-label': t('home.active_buyer') }),
    h('p', { class: 'hint' }, t('home.missing', { amount: money(amountOf(missing)), goal: money(goal) })),
  ];
}

customElements.define('ev-home-page', HomePage);
