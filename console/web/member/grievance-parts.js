// What pages of the member and of the office show of a grievance alike.

import { h } from '../shell/view.js';
import { card, pairs, tag } from '../shell/parts.js';
import { dateTime } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';

/** @typedef {import('../shell/api.js').Answer<'get', '/api/v1/grievances/{id}'>} GrievanceDetail */
/** @typedef {GrievanceDetail['grievance']} Grievance */
/** @typedef {GrievanceDetail['steps'][number]} Step */
/** @typedef {import('../shell/view.js').Child} Child */

export const CATEGORIES = /** @type {const} */ ([
  'payment',
  'booking',
  'delivery',
  'refund',
  'earnings',
  'payout',
  'account',
  'conduct',
  'other',
]);
export const STATES = ['filed', 'acknowledged', 'closed'];

/** @type {Map<string, 'warn' | 'good' | 'plain'>} */
const TONES = new Map([
  ['filed', 'warn'],
  ['closed', 'plain'],
]);

/** @param {{status: string, is_escalated: boolean}} grievance */
export const grievanceTags = ({ status, is_escalated: isEscalated }) => [
  tag(t(`grievance.status.${status}`), TONES.get(status) ?? 'good'),
  isEscalated && status !== 'closed' ? [' ', tag(t('grievance.escalated'), 'warn')] : null,
];

/**
 * The facts of a grievance; `more` are those of the page.
 * @param {Grievance} grievance
 * @param {readonly (readonly [string, Child])[]} more
 */
export const grievanceFacts = (grievance, more) =>
  card(
    t(`grievance.category.${grievance.category}`),
    h('p', { class: 'lines' }, grievance.text),
    pairs([
      ...more,
      [t('grievance.filed_at'), dateTime(grievance.filed_at)],
      [t('grievance.acknowledge_by'), grievance.acknowledged_at ? null : dateTime(grievance.acknowledge_by)],
      [t('grievance.close_by'), grievance.closed_at ? null : dateTime(grievance.close_by)],
      [t('grievance.closed_at'), grievance.closed_at ? dateTime(grievance.closed_at) : null],
    ]),
  );

/**
 * The history; `actor` names who made a step.
 * @param {readonly Step[]} steps
 * @param {(step: Step) => Child} actor
 */
export const grievanceHistory = (steps, actor) =>
  card(
    t('grievance.history'),
    h(
      'ol',
      { class: 'feed' },
      steps.map((step) =>
        h(
          'li',
          { key: String(step.number) },
          h('strong', null, t(`grievance.step.${step.step}`)),
          h('p', { class: 'hint' }, dateTime(step.at), actor(step)),
          step.text ? h('p', { class: 'lines' }, step.text) : null,
        ),
      ),
    ),
  );
