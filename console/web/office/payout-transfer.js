// The transfer of a payout by the bank's API: its state, and what the office can do with it.

import { h } from '../shell/view.js';
import { post } from '../shell/api.js';
import { card, pairs, tag } from '../shell/parts.js';
import { dateTime } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { actionBar, actionButton, runAction } from './actions.js';

/** @typedef {NonNullable<import('../shell/api.js').Answer<'get', '/api/v1/payouts/{id}'>['transfer']>} Transfer */

/** @type {Record<string, 'good' | 'bad' | 'warn' | 'plain'>} */
const TONES = { paid: 'good', refused: 'bad', failed: 'bad', returned: 'bad', queued: 'warn', sent: 'warn' };

/** @param {Transfer} transfer */
export const transferTag = ({ state, conflict }) =>
  h(
    'span',
    { class: 'tags' },
    tag(t(`office.transfer.state.${state}`), TONES[state] ?? 'plain'),
    conflict ? tag(t('office.transfer.conflict'), 'bad') : null,
  );

/**
 * Whether staff may settle the payout by hand: the bank's API was not asked to pay, or refused.
 * @param {Transfer | null | undefined} transfer
 */
export const isInOurHands = (transfer) => !transfer || ['intended', 'refused', 'withdrawn'].includes(transfer.state);

/**
 * @param {Transfer} transfer
 * @param {() => unknown} done called after a change
 */
export const transferCard = (transfer, done) =>
  card(
    t('office.transfer'),
    transferTag(transfer),
    transfer.low_balance ? h('p', { class: 'notice warn' }, t('office.transfer.low_balance')) : null,
    transfer.conflict ? h('p', { class: 'notice warn' }, t('office.transfer.conflict_about')) : null,
    h('p', { class: 'hint' }, t(`office.transfer.about.${transfer.state}`)),
    pairs([
      [t('office.batch.channel'), t(`office.batch.channel.${transfer.channel}`)],
      [t('office.transfer.bank_id'), transfer.bank_id],
      [t('office.transfer.bank_status'), transfer.bank_status],
      [t('office.reason'), transfer.reason],
      [t('office.transfer.conflict'), transfer.conflict],
      [t('office.transfer.sent_at'), transfer.sent_at ? dateTime(transfer.sent_at) : null],
      [t('office.transfer.changed_at'), dateTime(transfer.changed_at)],
      [t('office.transfer.next_at'), transfer.next_attempt_at ? dateTime(transfer.next_attempt_at) : null],
    ]),
    transfer.state === 'refused'
      ? actionBar(actionButton(t('office.transfer.retry'), () => retry(transfer, done), 'primary'))
      : null,
  );

/**
 * @param {Transfer} transfer
 * @param {() => unknown} done
 */
async function retry({ payout_id: id }, done) {
  const retried = await runAction({
    title: t('office.transfer.retry'),
    label: t('office.transfer.retry'),
    effects: () => [t('office.transfer.retry_effect'), t('office.transfer.once_effect')],
    act: (_, key) => post('/api/v1/payouts/{id}/transfer/retry', undefined, { params: { id }, key }),
  });
  if (retried) done();
}
