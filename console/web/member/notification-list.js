// List of notifications, each a link to what it is about.

import { custom, h } from '../shell/view.js';
import { relativeTime } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { notificationTexts } from '../i18n/notification.js';

/** @typedef {import('../shell/api.js').Answer<'get', '/api/v1/notifications'>['items'][number]} Notification */

/** The page that shows an object of this type. */
const PAGES = new Map([
  ['booking', (/** @type {string} */ id) => `/bookings/${id}`],
  ['payment', () => '/bookings'],
  ['payout', (/** @type {string} */ id) => `/payouts/${id}`],
  ['pair', () => '/wallet'],
  ['kyc', () => '/kyc'],
  ['distributor', () => '/distributor'],
  ['document', () => '/kyc'],
  ['grievance', (/** @type {string} */ id) => `/grievances/${id}`],
  ['certificate', () => '/tax'],
  ['session', () => '/profile'],
]);

/**
 * @param {Notification[]} items
 * @param {(id: string) => void} [markRead] called when the person opens an unread notification or marks it as read
 */
export function notificationList(items, markRead) {
  if (items.length === 0) return h('p', { class: 'hint' }, t('notifications.none'));
  return h(
    'ul',
    { class: 'feed' },
    items.map((item) => entry(item, item.read_at ? undefined : markRead)),
  );
}

/**
 * @param {Notification} item
 * @param {((id: string) => void) | undefined} markRead
 */
function entry(item, markRead) {
  const { title, body } = notificationTexts(item);
  const address = PAGES.get(item.reference.type)?.(item.reference.id);
  const open = { href: address, onclick: markRead && (() => markRead(item.id)) };
  return h(
    'li',
    { key: item.id, class: 'notification', 'data-unread': !item.read_at },
    h(
      'div',
      null,
      h('p', { class: 'feed-title' }, address ? h('a', open, title) : title),
      h('p', null, body),
      h('p', { class: 'hint' }, h('time', { datetime: item.created_at }, relativeTime(item.created_at))),
    ),
    markRead ? markButton(item.id, title, markRead) : null,
  );
}

/**
 * @param {string} id
 * @param {string} title
 * @param {(id: string) => void} markRead
 */
const markButton = (id, title, markRead) =>
  h(
    'button',
    {
      type: 'button',
      class: 'icon',
      title: t('notifications.mark'),
      'aria-label': t('notifications.mark_name', { name: title }),
      onclick: () => markRead(id),
    },
    custom('ev-icon', { name: 'check' }),
  );
