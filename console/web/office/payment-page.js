// `<ev-office-payment-page>`: one payment, and what the office can do with it.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { get, post } from '../shell/api.js';
import { detailPage } from '../shell/detail-page.js';
import { backLink, inLanguage, pairs, saveFile, statusTag } from '../shell/parts.js';
import { Resource } from '../shell/resource.js';
import { currentUser, isAdmin } from '../shell/session.js';
import { dateTime, money } from '../i18n/format.js';
import { find, t } from '../i18n/i18n.js';
import { allowed, destinationOf, refundEffects } from '../member/refund-effects.js';
import { taxPairs } from '../member/receipt-tax.js';
import { actionBar, actionButton, reasonField, runAction } from './actions.js';
import { isManual } from './payments-page.js';
import { personName } from './person-name.js';
import { reference } from './reference.js';

/** @typedef {Awaited<ReturnType<typeof readPayment>>} Payment */

/**
 * @param {string} id
 * @param {AbortSignal} signal
 */
const readPayment = (id, signal) => get('/api/v1/payments/{id}', { params: { id }, signal });

class PaymentPage extends ViewElement {
  /** @type {Record<string, string>} */
  params = {};
  #payment = new Resource(this, (signal) => readPayment(this.params['id'] ?? '', signal));

  start() {
    void this.#payment.load();
  }

  view() {
    return detailPage(
      { back: backLink('/office/payments', t('office.payments.back')), title: t('office.payment') },
      this.#payment,
      (payment) => this.#content(payment),
    );
  }

  /** @param {Payment} payment */
  #content(payment) {
    const { refund, reason } = payment;
    return [
      h(
        'div',
        { class: 'page-head' },
        h(
          'h1',
          null,
          t('payments.name', { method: t(`payment.method.${payment.method}`), amount: money(payment.amount) }),
        ),
        statusTag('payment', payment.status),
      ),
      h(
        'section',
        { class: 'card' },
        pairs([
          [t('office.person'), personName(payment.user_id)],
          [t('booking.title'), reference('booking', payment.booking_id)],
          [t('office.payment.created_at'), dateTime(payment.created_at)],
          [t('office.payment.completed_at'), payment.completed_at ? dateTime(payment.completed_at) : null],
          [t('payment.receipt_number'), payment.receipt_number],
          ...taxPairs(payment.tax),
          [t('office.reference'), payment.reference],
          [t('checkout.gateway'), payment.gateway ? t(`gateway.${payment.gateway}`) : null],
          [t('office.payment.gateway_id'), payment.gateway_payment_id],
          [t('office.reason'), reason ? (find(`office.payment.reason.${reason}`) ?? reason) : null],
          [
            t('office.refund'),
            refund
              ? [
                  t('payment.refund', { amount: money(refund.amount), to: t(`refund.to.${refund.refund_to}`) }),
                  ' ',
                  statusTag('refund', refund.status),
                ]
              : null,
          ],
        ]),
        this.#actions(payment),
      ),
    ];
  }

  /** @param {Payment} payment */
  #actions(payment) {
    const { id, status } = payment;
    if (payment.user_id === currentUser()?.userId) return h('p', { class: 'hint' }, t('office.own'));
    if (status === 'pending' && isManual(payment.method)) {
      return actionBar(
        actionButton(t('office.payment.fail'), () => this.#fail(payment), 'danger'),
        actionButton(t('office.payment.confirm'), () => this.#confirm(payment), 'primary'),
      );
    }
    const hasReceipt = status === 'completed' || status === 'refunded';
    return actionBar(
      hasReceipt
        ? actionButton(t('payment.receipt'), () =>
            saveFile('/api/v1/payments/{id}/receipt', { params: { id }, query: inLanguage() }),
          )
        : null,
      isAdmin() && status === 'completed'
        ? actionButton(t('office.payment.refund'), () => this.#refund(payment), 'danger')
        : null,
    );
  }

  /** @param {Payment} payment */
  async #confirm({ id, amount, method }) {
    const isTransfer = method === 'bank_transfer';
    const answer = await runAction({
      title: t('office.payment.confirm'),
      label: t('office.payment.confirm'),
      fields: [
        {
          name: 'reference',
          label: t('office.reference'),
          hint: t(isTransfer ? 'office.payment.utr_hint' : 'office.payment.cash_hint'),
          isOptional: !isTransfer,
          input: { maxlength: 100, autocomplete: 'off' },
        },
      ],
      effects: ({ reference }) => [
        t(`office.payment.confirm_effect.${method}`, { amount: money(amount) }),
        t('office.payment.commission_effect'),
        ...(reference ? [t('office.reference.given', { reference })] : []),
      ],
      act: ({ reference }, key) =>
        post('/api/v1/payments/{id}/confirm', { reference: reference || null }, { params: { id }, key }),
    });
    if (answer) this.#payment.set(answer);
  }

  /** @param {Payment} payment */
  async #fail({ id, amount }) {
    const answer = await runAction({
      title: t('office.payment.fail'),
      label: t('office.payment.fail'),
      isDestructive: true,
      fields: [
        reasonField(t('office.reason.member_hint'), true),
        {
          name: 'reference',
          label: t('office.reference'),
          isOptional: true,
          input: { maxlength: 100, autocomplete: 'off' },
        },
      ],
      effects: ({ reason }) => [
        t('office.payment.fail_effect', { amount: money(amount) }),
        ...(reason ? [t('office.reason.given', { reason })] : []),
      ],
      act: ({ reason, reference }, key) =>
        post(
          '/api/v1/payments/{id}/fail',
          { reason: reason || null, reference: reference || null },
          { params: { id }, key },
        ),
    });
    if (answer) this.#payment.set(answer);
  }

  /** @param {Payment} payment */
  async #refund({ id, method }) {
    const choices = method === 'online' ? ['wallet', 'source'] : ['wallet'];
    const isDeduction = method === 'emi_deduction';
    const answer = await runAction({
      title: t('office.payment.refund'),
      label: t('office.payment.refund'),
      isDestructive: true,
      fields: [
        ...(isDeduction
          ? []
          : [
              {
                name: 'refund_to',
                label: t('refund.to'),
                type: 'select',
                choices: choices.map((value) => ({ value, label: t(`refund.to.${value}`) })),
              },
            ]),
        reasonField(t('office.reason.member_hint'), true),
      ],
      prepare: async ({ refund_to: to }) => {
        const query = { refund_to: isDeduction ? null : destinationOf(to) };
        return allowed(await get('/api/v1/payments/{id}/refund-preview', { params: { id }, query }));
      },
      effects: (_, preview) => [...refundEffects(preview), t('office.payment.refund_effect')],
      act: ({ refund_to: to, reason }, key) =>
        post(
          '/api/v1/payments/{id}/refund',
          { refund_to: isDeduction ? null : destinationOf(to), reason: reason || null },
          { params: { id }, key },
        ),
    });
    if (answer) this.#payment.set(answer);
  }
}

customElements.define('ev-office-payment-page', PaymentPage);
