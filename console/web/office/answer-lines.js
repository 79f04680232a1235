// What the lines of a bank's answer would do.

import { h } from '../shell/view.js';
import { statusTag } from '../shell/parts.js';
import { money, number } from '../i18n/format.js';
import { find, t } from '../i18n/i18n.js';
import { dataTable } from './data-table.js';

/** @typedef {import('../shell/api.js').Answer<'post', '/api/v1/payout-batches/{id}/answer/preview'>} Preview */
/** @typedef {Preview['lines'][number]} Line */

/** @param {Preview} preview */
export const answerLines = ({ lines, errors, will_settle: changed, unchanged }) => [
  h(
    'p',
    null,
    t('office.batch.preview', { changed: number(changed), unchanged: number(unchanged), errors: number(errors) }),
  ),
  errors > 0 ? h('p', { class: 'notice warn' }, t('office.batch.refused')) : null,
  dataTable(
    t('office.batch.answer'),
    [t('office.batch.line'), t('payout.title'), t('office.payout.net'), t('office.batch.outcome')],
    lines.map((line) => [
      number(line.line),
      h('a', { href: `/office/payouts/${line.payout_id}` }, t('office.payout.see')),
      line.amount ? money(line.amount) : '–',
      outcome(line),
    ]),
  ),
];

/** @param {Line} line */
function outcome({ problem, now, becomes }) {
  if (problem) return h('span', { class: 'error' }, find(`problem.${problem.code}`) ?? problem.detail);
  if (!becomes) return null;
  if (now === becomes) return h('span', { class: 'hint' }, t('office.batch.known'));
  return h(
    'span',
    { class: 'tags' },
    now ? [statusTag('payout', now), becomesSign()] : null,
    statusTag('payout', becomes),
  );
}

const becomesSign = () => [
  h('span', { 'aria-hidden': 'true' }, '→'),
  h('span', { class: 'visually-hidden' }, t('office.batch.becomes')),
];
