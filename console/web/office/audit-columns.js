// Columns of the audit log, and the dialog with all that an entry says.

import { h } from '../shell/view.js';
import { openDialog } from '../shell/dialog.js';
import { pairs } from '../shell/parts.js';
import { date, dateTime, money, number } from '../i18n/format.js';
import { find, t } from '../i18n/i18n.js';
import { actionButton } from './actions.js';
import { factsOf } from './audit-detail.js';
import { kindName, twoLines } from './columns.js';
import { personName } from './person-name.js';
import { reference } from './reference.js';

/** @typedef {import('./columns.js').AuditEntry} AuditEntry */
/** @typedef {import('./audit-detail.js').Fact} Fact */
/** @typedef {import('../shell/view.js').Child} Child */

/** The pages of subjects that have one, before their id. */
const PAGES = new Map([
  ['booking', '/office/bookings/'],
  ['document', '/office/documents/'],
  ['grievance', '/office/grievances/'],
  ['kyc', '/office/kyc/'],
  ['payment', '/office/payments/'],
  ['payout', '/office/payouts/'],
  ['payout_batch', '/office/payout-batches/'],
]);
/** Subjects that people know by what stands in the log. */
const KNOWN_BY_ID = ['plan_version', 'tax_rule', 'tds_statement', 'capture'];

/**
 * An action of staff in words; the code of one that is not known here.
 * @param {string} action
 */
export const actionName = (action) => find(`office.audit.action.${action}`) ?? action;

/** @returns {import('./columns.js').Column<AuditEntry>[]} */
export const auditColumns = () => [
  { label: t('office.audit.action'), cell: (row) => twoLines(actionName(row.action), dateTime(row.acted_at)) },
  { label: t('office.audit.actor'), cell: (row) => personName(row.actor_id) },
  {
    label: t('office.audit.subject'),
    cell: (row) => twoLines(subjectName(row), row.subject_user_id ? personName(row.subject_user_id) : null),
  },
  { label: t('office.audit.detail'), cell: factLine, isWide: true },
  {
    label: t('office.audit.all'),
    cell: (row) =>
      actionButton(
        t('office.audit.all'),
        () => void showEntry(row),
        undefined,
        `${t('office.audit.all')}: ${actionName(row.action)}`,
      ),
  },
];

/** @param {AuditEntry} entry */
function subjectName({ subject_type: type, subject_id: id }) {
  const name = find(`office.audit.subject.${type}`) ?? type.replaceAll('_', ' ');
  return KNOWN_BY_ID.includes(type) ? `${name} ${id}` : name;
}

/** @param {AuditEntry} entry */
function subjectLink(entry) {
  const page = PAGES.get(entry.subject_type);
  return page ? h('a', { href: `${page}${entry.subject_id}` }, subjectName(entry)) : subjectName(entry);
}

/** @param {Fact} fact */
const nameOfFact = ({ name }) => t(name);

/**
 * @param {Fact} fact
 * @returns {Child}
 */
function valueOf({ shown, value }) {
  const texts = {
    text: () => value,
    sentence: () => t(value),
    money: () => money(value),
    count: () => number(Number(value)),
    percent: () => `${value} %`,
    day: () => date(value),
    // The place of the company has no id.
    person: () => (value === 'the company' ? t('office.tree.company') : personName(value)),
    batch: () => reference('batch', value),
    side: () => find(`side.${value}`),
    role: () => find(`office.role.${value}`),
    flag: () => find(`choice.${value}`),
    status: () => find(`payout.status.${value}`),
    method: () => find(`payment.method.${value}`),
    gateway: () => find(`gateway.${value}`),
    kind: () => kindName(value),
  };
  return texts[shown]() ?? value;
}

/**
 * The facts of an entry in one line.
 * @param {AuditEntry} entry
 */
const factLine = (entry) =>
  factsOf(entry).map((fact, i) => [
    i > 0 ? ' · ' : null,
    h('span', { class: 'hint' }, `${nameOfFact(fact)}: `),
    valueOf(fact),
  ]);

/** @param {string} field */
const fieldName = (field) => find(`office.audit.field.${field}`) ?? field.replaceAll('_', ' ');

/** @param {{before: string, after: string}} change */
const changeText = ({ before, after }) => t('office.audit.change', { before, after });

/** @param {AuditEntry} entry */
const showEntry = (entry) =>
  openDialog(actionName(entry.action), () =>
    pairs([
      [t('office.audit.acted_at'), dateTime(entry.acted_at)],
      [t('office.audit.actor'), [personName(entry.actor_id), ` (${t(`office.role.${entry.role}`)})`]],
      [t('office.audit.subject'), subjectLink(entry)],
      [t('office.person'), entry.subject_user_id ? personName(entry.subject_user_id) : null],
      ...factsOf(entry).map((fact) => /** @type {const} */ ([nameOfFact(fact), valueOf(fact)])),
      ...entry.changes.map((change) => /** @type {const} */ ([fieldName(change.field), changeText(change)])),
      [t('office.audit.subject_id'), entry.subject_id],
      [t('office.audit.address'), entry.address],
      [t('office.audit.request'), entry.request_id],
    ]),
  );
