// `<ev-refund-list>`: refunds by state, and the resolution of one whose outcome the gateway does not tell.
//
// One member of staff proposes an outcome, and another approves it by repeating it.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { get, post } from '../shell/api.js';
import { statusTag } from '../shell/parts.js';
import { date, dateTime, money } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { actionButton, reasonField, runAction } from './actions.js';
import { twoLines } from './columns.js';
import { filterForm, filterValue, stateChoices } from './filter-form.js';
import { pageList, reloadList } from '../shell/page-list.js';

/** @typedef {import('./columns.js').Row<'/api/v1/refunds'>} Refund */

const STATES = ['requested', 'sent', 'done', 'failed'];
const OUTCOMES = /** @type {const} */ (['refunded', 'failed']);

class RefundList extends ViewElement {
  #status = 'sent';

  /** @param {string} status */
  #choose(status) {
    this.#status = status;
    this.update();
    reloadList(this);
  }

  view() {
    return [
      filterForm(
        [
          {
            name: 'status',
            label: t('booking.status'),
            type: 'select',
            choices: stateChoices('refund', STATES),
          },
        ],
        { status: this.#status },
        ({ status = '' }) => this.#choose(status),
      ),
      pageList({
        caption: t('office.captures.tab.refunds'),
        empty: t('office.captures.empty'),
        columns: this.#columns(),
        rowKey: (refund) => refund.id,
        read: ({ signal, ...page }) =>
          get('/api/v1/refunds', { query: { status: filterValue(this.#status), ...page }, signal }),
      }),
    ];
  }

  /** @returns {import('./columns.js').Column<Refund>[]} */
  #columns() {
    return [
      {
        label: t('office.refund'),
        cell: (refund) =>
          twoLines(`${money(refund.amount)} ${t(`refund.to.${refund.refund_to}`)}`, dateTime(refund.requested_at)),
      },
      { label: t('booking.status'), cell: (refund) => statusTag('refund', refund.status) },
      {
        label: t('office.payment'),
        cell: (refund) => h('a', { href: `/office/payments/${refund.payment_id}` }, t('office.payment.see')),
      },
      { label: t('office.refunds.proposal'), cell: proposalText },
      {
        label: t('office.refunds.resolve'),
        cell: (refund) =>
          refund.unknown_since
            ? actionButton(t(refund.proposal ? 'office.refunds.approve' : 'office.refunds.resolve'), () =>
                this.#resolve(refund),
              )
            : null,
      },
    ];
  }

  /** @param {Refund} refund */
  async #resolve({ id, amount, proposal }) {
    const outcomeOf = (/** @type {string | undefined} */ value) => OUTCOMES.find((o) => o === value) ?? 'failed';
    const title = t(proposal ? 'office.refunds.approve' : 'office.refunds.resolve');
    const answer = await runAction({
      title,
      label: title,
      isDestructive: true,
      fields: [
        {
          name: 'outcome',
          label: t('office.refunds.outcome'),
          type: 'select',
          value: proposal?.outcome,
          choices: OUTCOMES.map((value) => ({ value, label: t(`office.refunds.outcome.${value}`) })),
        },
        {
          name: 'reference',
          label: t('office.reference'),
          value: proposal?.reference ?? '',
          isOptional: true,
          input: { maxlength: 100, autocomplete: 'off' },
        },
        { ...reasonField(t('office.refunds.reason_hint')), value: proposal?.reason },
      ],
      effects: ({ outcome }) => [
        t(`office.refunds.effect.${outcomeOf(outcome)}`, { amount: money(amount) }),
        t(proposal ? 'office.refunds.second_effect' : 'office.refunds.first_effect'),
      ],
      act: ({ outcome, reason = '', reference }, key) =>
        post(
          '/api/v1/refunds/{id}/resolve',
          { outcome: outcomeOf(outcome), reason, reference: reference || null },
          { params: { id }, key },
        ),
    });
    if (answer) reloadList(this);
  }
}

/** @param {Refund} refund */
function proposalText({ proposal, unknown_since: since }) {
  if (proposal) return twoLines(t(`office.refunds.outcome.${proposal.outcome}`), proposal.reason);
  return since ? t('office.refunds.unknown_since', { day: date(since) }) : null;
}

customElements.define('ev-refund-list', RefundList);
