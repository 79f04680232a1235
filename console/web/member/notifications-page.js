// `<ev-notifications-page>`: all notifications of a member, with a filter for the unread ones.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { get, post } from '../shell/api.js';
import { countUnread, onNotification } from '../shell/live.js';
import { problemText } from '../shell/problem.js';
import { Resource, show } from '../shell/resource.js';
import { rememberQuery } from '../shell/router.js';
import { toast } from '../shell/toast.js';
import { t } from '../i18n/i18n.js';
import { notificationList } from './notification-list.js';

/** @typedef {Awaited<ReturnType<typeof readNotifications>>} Notifications */

const PAGE_LENGTH = 30;

/**
 * @param {{unread?: boolean, cursor?: string | null}} query
 * @param {AbortSignal} signal
 */
const readNotifications = (query, signal) =>
  get('/api/v1/notifications', { query: { ...query, limit: PAGE_LENGTH }, signal });

class NotificationsPage extends ViewElement {
  query = new URLSearchParams();
  #isUnreadOnly = false;
  #notifications = new Resource(this, (signal) => readNotifications(this.#filter, signal));
  /** @type {unknown} */
  #moreError;
  #isLoadingMore = false;

  start() {
    this.#isUnreadOnly = this.query.get('unread') === 'true';
    void this.#notifications.load();
    onNotification(() => this.#notifications.load(), this.signal);
  }

  get #filter() {
    return this.#isUnreadOnly ? { unread: true } : {};
  }

  #toggleFilter() {
    this.#isUnreadOnly = !this.#isUnreadOnly;
    rememberQuery({ unread: this.#isUnreadOnly ? 'true' : undefined });
    void this.#notifications.load();
  }

  /** @param {Notifications} shown */
  async #readMore({ items, next_cursor: cursor }) {
    if (this.#isLoadingMore) return;
    [this.#isLoadingMore, this.#moreError] = [true, undefined];
    this.update();
    const { value } = this.#notifications;
    try {
      const page = await readNotifications({ ...this.#filter, cursor }, this.signal);
      // A list that was read again meanwhile begins anew.
      if (this.#notifications.value === value) {
        this.#notifications.set({ items: [...items, ...page.items], next_cursor: page.next_cursor });
      }
    } catch (error) {
      this.#moreError = error;
    }
    this.#isLoadingMore = false;
    this.update();
  }

  /** @param {string} id */
  async #markRead(id) {
    try {
      const read = await post('/api/v1/notifications/{id}/read', undefined, { params: { id } });
      const { items = [], next_cursor: cursor } = this.#notifications.value ?? {};
      const changed = items.map((item) => (item.id === id ? read : item));
      this.#notifications.set({ items: changed, next_cursor: cursor });
      void countUnread();
    } catch (error) {
      toast(problemText(error));
    }
  }

  async #markAllRead() {
    try {
      await post('/api/v1/notifications/read-all', undefined);
      void countUnread();
      await this.#notifications.load();
    } catch (error) {
      toast(problemText(error));
    }
  }

  view() {
    return h(
      'div',
      { class: 'page' },
      h(
        'div',
        { class: 'page-head' },
        h('h1', null, t('notifications.title')),
        h('button', { type: 'button', onclick: () => this.#markAllRead() }, t('notifications.mark_all')),
      ),
      h(
        'label',
        { class: 'choice' },
        h('input', { type: 'checkbox', checked: this.#isUnreadOnly, onchange: () => this.#toggleFilter() }),
        t('notifications.unread_only'),
      ),
      h(
        'section',
        { class: 'card', 'aria-label': t('notifications.title') },
        show(this.#notifications, (shown) => this.#list(shown)),
      ),
    );
  }

  /** @param {Notifications} shown */
  #list(shown) {
    return [
      notificationList(shown.items, (id) => void this.#markRead(id)),
      this.#moreError ? custom('ev-problem', { '.error': this.#moreError }) : null,
      shown.next_cursor
        ? h(
            'button',
            { type: 'button', 'aria-disabled': this.#isLoadingMore, onclick: () => this.#readMore(shown) },
            t(this.#isLoadingMore ? 'list.loading' : 'list.more'),
          )
        : null,
    ];
  }
}

customElements.define('ev-notifications-page', NotificationsPage);
