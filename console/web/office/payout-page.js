// `<ev-office-payout-page>`: one payout with its approvals, and what the office can do with it.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { get } from '../shell/api.js';
import { detailPage } from '../shell/detail-page.js';
import { backLink, card, inLanguage, pairs, saveButton, saveFile, statusTag } from '../shell/parts.js';
import { Resource } from '../shell/resource.js';
import { currentUser } from '../shell/session.js';
import { dateTime, money } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { actionBar, actionButton } from './actions.js';
import { approvals } from './columns.js';
import { approve, reject, returnPayout, settle } from './payout-actions.js';
import { personName } from './person-name.js';
import { isInOurHands, transferCard } from './payout-transfer.js';
import { reference } from './reference.js';
import '../member/payout-lines.js';

/** @typedef {Awaited<ReturnType<typeof readPayout>>} Payout */

/**
 * @param {string} id
 * @param {AbortSignal} signal
 */
const readPayout = (id, signal) => get('/api/v1/payouts/{id}', { params: { id }, signal });

class PayoutPage extends ViewElement {
  /** @type {Record<string, string>} */
  params = {};
  #payout = new Resource(this, (signal) => readPayout(this.params['id'] ?? '', signal));

  start() {
    void this.#payout.load();
  }

  view() {
    return detailPage(
      { back: backLink('/office/payouts', t('office.payouts.back')), title: t('payout.title') },
      this.#payout,
      (payout) => this.#content(payout),
    );
  }

  /** @param {Payout} payout */
  #content(payout) {
    const { bank, status } = payout;
    return [
      h(
        'div',
        { class: 'page-head' },
        h('h1', null, t('payout.of', { amount: money(payout.requested) })),
        statusTag('payout', status),
      ),
      h(
        'div',
        { class: 'cards' },
        card(
          t('payout.states'),
          pairs([
            [t('office.person'), personName(payout.user_id)],
            [t('office.payout.approvals'), approvals(payout)],
            ...approvers(payout),
            [t('office.batch'), payout.batch_id ? reference('batch', payout.batch_id) : null],
            [t('payout.utr'), payout.utr],
            [t('office.reason'), payout.reason],
          ]),
          payout.approvals_needed > 1 ? h('p', { class: 'notice' }, t('office.payout.second_approver')) : null,
          this.#actions(payout),
        ),
        card(
          t('payout.parts'),
          status === 'requested' || status === 'pending' ? h('p', { class: 'hint' }, t('payout.estimate')) : null,
          pairs([
            [t('payout.requested'), money(payout.requested)],
            [t('payout.tds'), money(payout.tds)],
            [t('payout.emi'), money(payout.emi)],
            [t('office.payout.net'), h('strong', null, money(payout.net))],
            [t('payout.tds_rule'), payout.tds_rule],
            [t('payout.bank'), `${bank.bank_name}, ${bank.account_number}, ${bank.ifsc}`],
            [t('account.holder_name'), bank.holder_name],
          ]),
          status === 'completed'
            ? saveButton(t('payout.advice'), () =>
                saveFile('/api/v1/payouts/{id}/advice', { params: { id: payout.id }, query: inLanguage() }),
              )
            : null,
        ),
      ),
      card(t('payout.lines'), custom('ev-payout-lines', { key: payout.updated_at, '.payoutId': payout.id })),
      h(
        'div',
        { class: 'cards' },
        payout.transfer ? transferCard(payout.transfer, () => this.#payout.load()) : null,
        card(t('office.payout.history'), history(payout)),
      ),
    ];
  }

  /** @param {Payout} payout */
  #actions(payout) {
    if (payout.user_id === currentUser()?.userId) return h('p', { class: 'hint' }, t('office.own'));
    const run = (/** @type {(payout: Payout) => Promise<unknown>} */ action) => async () => {
      if (await action(payout)) void this.#payout.load();
    };
    if (payout.status === 'pending') {
      const hasApproved = payout.approved_by?.some(({ user_id: id }) => id === currentUser()?.userId);
      return [
        hasApproved ? h('p', { class: 'notice' }, t('office.payout.you_approved')) : null,
        actionBar(
          actionButton(t('office.payout.reject'), run(reject), 'danger'),
          hasApproved ? null : actionButton(t('office.payout.approve'), run(approve), 'primary'),
        ),
      ];
    }
    if ((payout.status === 'approved' || payout.status === 'processing') && isInOurHands(payout.transfer)) {
      return actionBar(
        actionButton(
          t('office.payout.failed'),
          run((p) => settle(p, 'failed')),
          'danger',
        ),
        actionButton(
          t('office.payout.paid'),
          run((p) => settle(p, 'paid')),
          'primary',
        ),
      );
    }
    if (payout.status === 'completed') {
      return actionBar(actionButton(t('office.payout.return'), run(returnPayout), 'danger'));
    }
    return null;
  }
}

/**
 * @param {Payout} payout
 * @returns {[string, import('../shell/view.js').Child][]}
 */
const approvers = ({ approved_by: approvedBy }) =>
  (approvedBy ?? []).map(({ user_id: userId, at }) => [
    t('office.payout.approved_by'),
    [personName(userId), h('span', { class: 'hint block' }, dateTime(at))],
  ]);

/** @param {Payout} payout */
const history = ({ history: steps }) =>
  h(
    'ol',
    { class: 'timeline' },
    steps.map(({ status, at, by }) =>
      h(
        'li',
        { 'data-state': 'reached' },
        h('strong', null, t(`payout.status.${status}`)),
        h('p', { class: 'hint' }, h('time', { datetime: at }, dateTime(at))),
        by ? h('p', null, personName(by)) : null,
      ),
    ),
  );

customElements.define('ev-office-payout-page', PayoutPage);
