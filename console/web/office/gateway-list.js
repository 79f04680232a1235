// `<ev-gateway-list>`: reports of the payment gateways of one kind, filtered by what became of them.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { get, post } from '../shell/api.js';
import { tag } from '../shell/parts.js';
import { rememberQuery } from '../shell/router.js';
import { dateTime, money } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { actionButton, runAction } from './actions.js';
import { moneyColumn, timeColumn, twoLines } from './columns.js';
import { filterForm } from './filter-form.js';
import { pageList, reloadList } from '../shell/page-list.js';

/**
 * @template {import('../shell/api.js').PathOf<'get'>} P
 * @typedef {import('./columns.js').Row<P>} Row
 */
/** @typedef {Row<'/api/v1/payments/captures'>} Capture */
/** @typedef {Row<'/api/v1/payments/gateway-refunds'>} ReportedRefund */
/** @typedef {Row<'/api/v1/payments/webhook-events'>} WebhookEvent */
/** @typedef {import('../shell/parts.js').Tone} Tone */

/** What becomes of a report, by kind, with its tone. */
const OUTCOMES = /** @type {const} */ ({
  captures: [
    ['applied', 'good'],
    ['unknown_order', 'bad'],
    ['not_taken', 'bad'],
    ['returned', 'warn'],
    ['refunded', 'warn'],
  ],
  reported: [
    ['open', 'warn'],
    ['settled', 'good'],
    ['unmatched', 'bad'],
  ],
  events: [
    ['pending', 'warn'],
    ['processed', 'good'],
    ['unhandled', undefined],
    ['unreadable', 'bad'],
  ],
});

class GatewayList extends ViewElement {
  /** @type {keyof typeof OUTCOMES} */
  kind = 'captures';
  query = new URLSearchParams();
  #outcome = '';

  start() {
    if (this.query.get('tab') === this.kind) this.#outcome = this.query.get('outcome') ?? '';
  }

  /** @param {string} outcome */
  #choose(outcome) {
    this.#outcome = outcome;
    rememberQuery({ tab: this.kind, outcome });
    this.update();
    reloadList(this);
  }

  view() {
    const choices = OUTCOMES[this.kind].map(([value]) => ({ value, label: t(`office.${this.kind}.outcome.${value}`) }));
    return [
      filterForm(
        [
          {
            name: 'outcome',
            label: t('office.captures.outcome'),
            type: 'select',
            choices: [{ value: '', label: t('filter.all') }, ...choices],
          },
        ],
        { outcome: this.#outcome },
        ({ outcome = '' }) => this.#choose(outcome),
      ),
      this.#list(),
    ];
  }

  #list() {
    const caption = t(`office.captures.tab.${this.kind}`);
    const empty = t('office.captures.empty');
    if (this.kind === 'captures') {
      return pageList({
        caption,
        empty,
        columns: captureColumns(),
        rowKey: (row) => row.gateway_payment_id,
        link: (row) => `/office/captures/${row.gateway}/${encodeURIComponent(row.gateway_payment_id)}`,
        read: ({ signal, ...page }) =>
          get('/api/v1/payments/captures', { query: { outcome: this.#outcome, ...page }, signal }),
      });
    }
    if (this.kind === 'reported') {
      return pageList({
        caption,
        empty,
        columns: reportedColumns(),
        rowKey: (row) => row.id,
        read: ({ signal, ...page }) =>
          get('/api/v1/payments/gateway-refunds', { query: { outcome: this.#outcome, ...page }, signal }),
      });
    }
    return pageList({
      caption,
      empty,
      columns: eventColumns((event) => this.#retry(event)),
      rowKey: (row) => row.id ?? row.received_at,
      read: ({ signal, ...page }) =>
        get('/api/v1/payments/webhook-events', { query: { state: this.#outcome, ...page }, signal }),
    });
  }

  /** @param {WebhookEvent} event */
  async #retry({ id, kind }) {
    const answer = await runAction({
      title: t('office.events.retry'),
      label: t('office.events.retry'),
      effects: () => [t('office.events.retry_effect', { kind })],
      act: (_, key) => post('/api/v1/payments/webhook-events/{id}/retry', undefined, { params: { id: id ?? '' }, key }),
    });
    if (answer) reloadList(this);
  }
}

/**
 * @param {keyof typeof OUTCOMES} kind
 * @param {string} outcome
 */
export function outcomeTag(kind, outcome) {
  const known = /** @type {readonly (readonly [string, Tone | undefined])[]} */ (OUTCOMES[kind]);
  return tag(t(`office.${kind}.outcome.${outcome}`), known.find(([name]) => name === outcome)?.[1]);
}

/** @param {string | null | undefined} id */
const paymentLink = (id) =>
  id ? h('a', { href: `/office/payments/${id}` }, t('office.payment.see')) : t('office.captures.none');

/** @returns {import('./columns.js').Column<Capture>[]} */
const captureColumns = () => [
  {
    label: t('office.capture'),
    cell: (row) => twoLines(`${money(row.amount)} · ${t(`gateway.${row.gateway}`)}`, row.gateway_payment_id),
  },
  { label: t('office.captures.outcome'), cell: (row) => outcomeTag('captures', row.outcome) },
  { label: t('office.payment'), cell: (row) => paymentLink(row.payment_id) },
  timeColumn(t('office.captures.captured_at'), (row) => row.captured_at),
];

/** @returns {import('./columns.js').Column<ReportedRefund>[]} */
const reportedColumns = () => [
  {
    label: t('office.refund'),
    cell: (row) => twoLines(`${money(row.amount)} · ${t(`gateway.${row.gateway}`)}`, row.gateway_refund_id),
  },
  { label: t('office.captures.outcome'), cell: (row) => outcomeTag('reported', row.outcome) },
  { label: t('office.payment'), cell: (row) => paymentLink(row.payment_id) },
  { ...moneyColumn(t('wallet.type.CLAWBACK'), (row) => row.clawback), isWide: true },
  timeColumn(t('office.captures.reported_at'), (row) => row.reported_at),
];

/**
 * @param {(event: WebhookEvent) => unknown} retry
 * @returns {import('./columns.js').Column<WebhookEvent>[]}
 */
const eventColumns = (retry) => [
  { label: t('office.events.kind'), cell: (row) => twoLines(row.kind || '–', dateTime(row.received_at)) },
  { label: t('office.captures.outcome'), cell: (row) => outcomeTag('events', row.state) },
  {
    label: t('office.reason'),
    cell: (row) => (row.state === 'unhandled' ? t('office.events.not_handled') : row.reason),
  },
  {
    label: t('office.events.retry'),
    cell: (row) =>
      row.id && row.state !== 'processed'
        ? actionButton(
            t('office.events.retry'),
            () => retry(row),
            undefined,
            `${t('office.events.retry')}: ${row.kind}`,
          )
        : null,
  },
];

customElements.define('ev-gateway-list', GatewayList);
