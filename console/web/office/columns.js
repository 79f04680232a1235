// Columns of the office's lists, which the pages of all members and of one person share.

import { h } from '../shell/view.js';
import { statusTag, tag } from '../shell/parts.js';
import { dateTime, money, number, signedMoney } from '../i18n/format.js';
import { find, t } from '../i18n/i18n.js';
import { lineText } from '../member/explanation.js';
import { personName } from './person-name.js';
import { reference } from './reference.js';

/**
 * @template {import('../shell/api.js').PathOf<'get'>} P
 * @typedef {import('../shell/api.js').Answer<'get', P> extends {items: (infer T)[]} ? T : never} Row
 */
/** @typedef {import('../shell/api.js').Answer<'get', '/api/v1/users/{id}'>} User */
/** @typedef {Row<'/api/v1/kyc'>} Application */
/** @typedef {Row<'/api/v1/distributor-applications'>} DistributorApplication */
/** @typedef {Row<'/api/v1/erasure-requests'>} ErasureRequest */
/** @typedef {Row<'/api/v1/payments'>} Payment */
/** @typedef {Row<'/api/v1/bookings'>} Booking */
/** @typedef {Row<'/api/v1/payouts'>} Payout */
/** @typedef {Row<'/api/v1/compliance/documents'>} Document */
/** @typedef {Row<'/api/v1/wallet/transactions'>} Transaction */
/** @typedef {Row<'/api/v1/audit'>} AuditEntry */
/** @typedef {Row<'/api/v1/compliance/tds'>} Deduction */
/**
 * @template T
 * @typedef {import('../shell/list.js').Column<T>} Column
 */

/**
 * Two lines of a cell.
 * @param {import('../shell/view.js').Child} first
 * @param {import('../shell/view.js').Child} second
 */
export const twoLines = (first, second) => [h('strong', null, first), h('span', { class: 'hint block' }, second)];

/** @returns {Column<{user_id: string}>} */
const person = () => ({ label: t('office.person'), cell: (row) => personName(row.user_id) });

/**
 * @template T
 * @param {string} label
 * @param {(row: T) => string | null | undefined} read
 * @returns {Column<T>}
 */
export const timeColumn = (label, read) => ({
  label,
  cell: (row) => {
    const at = read(row);
    return at ? dateTime(at) : null;
  },
  isWide: true,
});

/**
 * @template T
 * @param {string} label
 * @param {(row: T) => string} read
 * @returns {Column<T>}
 */
export const moneyColumn = (label, read) => ({ label, align: 'end', cell: (row) => money(read(row)) });

/** @returns {Column<User>[]} */
export const userColumns = () => [
  { label: t('office.person'), cell: (user) => twoLines(user.name, user.email ?? user.mobile) },
  { label: t('kyc.title'), cell: (user) => statusTag('kyc', user.kyc_status) },
  { label: t('office.user.rights'), cell: userTags, isWide: true },
  timeColumn(t('profile.joined_at'), (user) => user.created_at),
];

/** @param {Pick<User, 'role' | 'is_active' | 'is_active_buyer' | 'is_distributor' | 'placed'>} user */
export const userTags = (user) =>
  h(
    'span',
    { class: 'tags' },
    user.role === 'user' ? null : tag(t(`office.role.${user.role}`)),
    user.is_active ? null : tag(t('office.user.inactive'), 'bad'),
    user.is_active_buyer ? tag(t('home.active_buyer'), 'good') : null,
    user.is_distributor ? tag(t('office.user.distributor')) : null,
    user.placed ? null : tag(t('office.user.not_placed'), 'warn'),
  );

/** @returns {Column<Application>[]} */
export const kycColumns = () => [
  {
    label: t('office.kyc.application'),
    cell: (row) => twoLines(personName(row.user_id, false), dateTime(row.submitted_at)),
  },
  { label: t('booking.status'), cell: (row) => statusTag('kyc', row.status) },
  { label: t('kyc.pan'), cell: (row) => row.pan, isWide: true },
  { label: t('kyc.documents'), cell: (row) => number(row.document_ids.length), align: 'end', isWide: true },
];

/** @returns {Column<DistributorApplication>[]} */
export const distributorColumns = () => [
  { label: t('office.distributor'), cell: (row) => twoLines(row.applicant_name, dateTime(row.submitted_at)) },
  { label: t('booking.status'), cell: (row) => statusTag('kyc', row.status) },
  {
    label: t('distributor.accepted'),
    cell: (row) => t('terms.version', { version: number(row.accepted_terms.version) }),
    isWide: true,
  },
];

/** @returns {Column<ErasureRequest>[]} */
export const erasureColumns = () => [
  { label: t('office.erasure'), cell: (row) => twoLines(row.member_name, dateTime(row.requested_at)) },
  { label: t('booking.status'), cell: (row) => statusTag('erasure', row.status) },
];

/** @returns {Column<Payment>[]} */
export const paymentColumns = (isOfOne = false) => [
  {
    label: t('office.payment'),
    cell: (row) => twoLines(`${money(row.amount)} · ${t(`payment.method.${row.method}`)}`, dateTime(row.created_at)),
  },
  ...(isOfOne ? [] : [person()]),
  { label: t('booking.status'), cell: (row) => statusTag('payment', row.status) },
  { label: t('office.reference'), cell: (row) => row.reference ?? row.gateway_payment_id, isWide: true },
];

/** @returns {Column<Booking>[]} */
export const bookingColumns = () => [
  { label: t('booking.title'), cell: (row) => twoLines(row.vehicle.name, row.number) },
  { label: t('booking.status'), cell: (row) => statusTag('booking', row.status) },
  { ...moneyColumn(t('booking.price'), (row) => row.price), isWide: true },
  moneyColumn(t('booking.total_paid'), (row) => row.total_paid),
];

/** @returns {Column<Payout>[]} */
export const payoutColumns = ({ isOfOne = false, isOfBatch = false } = {}) => [
  { label: t('payout.title'), cell: (row) => twoLines(money(row.requested), dateTime(row.created_at)) },
  ...(isOfOne ? [] : [person()]),
  {
    label: t('payout.status'),
    cell: (row) =>
      h(
        'span',
        { class: 'tags' },
        statusTag('payout', row.status),
        row.status === 'pending' && row.approvals_needed > 1 ? tag(approvals(row), 'warn') : null,
      ),
  },
  { ...moneyColumn(t('office.payout.net'), (row) => row.net), isWide: true },
  ...(isOfBatch
    ? []
    : [
        {
          label: t('office.batch'),
          cell: (/** @type {Payout} */ row) => (row.batch_id ? reference('batch', row.batch_id) : null),
          isWide: true,
        },
      ]),
];

/** @param {Payout} payout */
export const approvals = (payout) =>
  t('payout.approvals', { count: number(payout.approvals), needed: number(payout.approvals_needed) });

/** @returns {Column<Document>[]} */
export const documentColumns = (isOfOne = false) => [
  { label: t('office.document'), cell: (row) => twoLines(kindName(row.kind), dateTime(row.uploaded_at)) },
  ...(isOfOne ? [] : [person()]),
  { label: t('booking.status'), cell: (row) => statusTag('document', row.status) },
];

/**
 * The name of a kind of document; other programs may use kinds of their own.
 * @param {string} kind
 */
export const kindName = (kind) => find(`document.kind.${kind}`) ?? kind.replaceAll('_', ' ');

/** @returns {Column<Transaction>[]} */
export const transactionColumns = () => [
  {
    label: t('wallet.line'),
    cell: (row) => twoLines(t(`wallet.type.${row.type}`), lineText(row)),
  },
  timeColumn(t('wallet.at'), (row) => row.created_at),
  {
    label: t('wallet.amount'),
    align: 'end',
    cell: (row) => h('span', { class: row.amount.startsWith('-') ? 'minus' : 'plus' }, signedMoney(row.amount)),
  },
  moneyColumn(t('wallet.balance_after'), (row) => row.balance_after),
];

/** @returns {Column<Deduction>[]} */
export const tdsColumns = (isOfOne = false) => [
  {
    label: t('tax.deducted_at'),
    cell: (row) => twoLines(dateTime(row.deducted_at), row.reversal ? t('tax.reversal') : `${row.fy} ${row.quarter}`),
  },
  ...(isOfOne ? [] : [person()]),
  { label: t('tax.section'), cell: (row) => `${row.section} · ${row.rate} %`, isWide: true },
  moneyColumn(t('tax.gross'), (row) => row.gross),
  moneyColumn(t('tax.tds'), (row) => row.tds),
];
