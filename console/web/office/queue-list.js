// `<ev-queue-list>`: the work that waits, by queue, each with how long it waits and the way to it.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { onCounts } from '../shell/counts.js';
import { skeleton } from '../shell/resource.js';
import { number, relativeTime } from '../i18n/format.js';
import { find, t } from '../i18n/i18n.js';
import { currentQueues } from './queues.js';

/** The list of each queue, in the order in which they are shown. */
const ADDRESSES = new Map([
  ['kyc.pending', '/office/kyc'],
  ['documents.pending', '/office/documents'],
  ['payments.to_confirm', '/office/payments'],
  ['captures.unknown_order', '/office/captures?tab=captures&outcome=unknown_order'],
  ['webhooks.unread', '/office/captures?tab=events&outcome=unreadable'],
  ['vehicles.low_stock', '/office/vehicles'],
  ['payouts.pending', '/office/payouts'],
  ['payouts.needs_second', '/office/payouts'],
  ['payouts.approved', '/office/payout-batches'],
  ['payouts.processing', '/office/payouts?status=processing'],
  ['transfers.refused', '/office/payout-transfers?queue=refused'],
  ['transfers.conflicting', '/office/payout-transfers?queue=conflicting'],
  ['transfers.low_balance', '/office/payout-transfers?queue=low_balance'],
  ['plans.scheduled', '/office/plan?tab=history'],
  ['deliveries.bounced', '/office/deliveries?state=bounced'],
  ['deliveries.dead', '/office/deliveries?state=dead'],
]);

class QueueList extends ViewElement {
  start() {
    onCounts(() => this.update(), this.signal);
  }

  view() {
    const queues = currentQueues();
    if (!queues) return queues === null ? h('p', { class: 'hint' }, t('office.queue.unknown')) : skeleton();
    const order = [...ADDRESSES.keys()];
    const waiting = queues
      .filter(({ count }) => count > 0)
      .sort((a, b) => order.indexOf(a.queue) - order.indexOf(b.queue));
    if (waiting.length === 0) return h('p', { class: 'hint' }, t('office.queue.none'));
    return h('ul', { class: 'queues' }, waiting.map(entry));
  }
}

/** @param {import('./queues.js').Queue} queue */
function entry({ queue, count, is_capped: isCapped, oldest_at: oldest }) {
  const name = find(`office.queue.${queue}`) ?? queue;
  const address = ADDRESSES.get(queue);
  return h(
    'li',
    { key: queue },
    h('strong', { class: 'badge' }, `${number(count)}${isCapped ? '+' : ''}`),
    address ? h('a', { href: address }, name) : h('span', null, name),
    oldest ? h('span', { class: 'hint' }, t('office.queue.oldest', { time: relativeTime(oldest) })) : null,
  );
}

customElements.define('ev-queue-list', QueueList);
