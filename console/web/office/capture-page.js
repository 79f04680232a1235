// `<ev-capture-page>`: one payment that a gateway captured, and the decision about one whose order is unknown.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { get, post, readAll } from '../shell/api.js';
import { detailPage } from '../shell/detail-page.js';
import { backLink, pairs } from '../shell/parts.js';
import { problemText } from '../shell/problem.js';
import { Resource } from '../shell/resource.js';
import { isAdmin } from '../shell/session.js';
import { toast } from '../shell/toast.js';
import { dateTime, money } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { actionBar, actionButton, reasonField, runAction } from './actions.js';
import { outcomeTag } from './gateway-list.js';
import { nameOf } from './names.js';
import { personName, shortId } from './person-name.js';
import { reference } from './reference.js';
import { personField } from './person-picker.js';

/** @typedef {Awaited<ReturnType<typeof readCapture>>} Capture */

/**
 * @param {{gateway: string, id: string}} params
 * @param {AbortSignal} signal
 */
const readCapture = ({ gateway, id }, signal) =>
  get('/api/v1/payments/captures/{gateway}/{gateway_payment_id}', {
    params: { gateway, gateway_payment_id: id },
    signal,
  });

class CapturePage extends ViewElement {
  /** @type {Record<string, string>} */
  params = {};
  #capture = new Resource(this, (signal) =>
    readCapture({ gateway: this.params['gateway'] ?? '', id: this.params['id'] ?? '' }, signal),
  );

  start() {
    void this.#capture.load();
  }

  view() {
    return detailPage(
      { back: backLink('/office/captures', t('office.captures.title')), title: t('office.capture') },
      this.#capture,
      (capture) => this.#content(capture),
    );
  }

  /** @param {Capture} capture */
  #content(capture) {
    const { payment_id: payment, resolution } = capture;
    return [
      h(
        'div',
        { class: 'page-head' },
        h('h1', null, t('office.capture.of', { amount: amountText(capture) })),
        outcomeTag('captures', capture.outcome),
      ),
      h(
        'section',
        { class: 'card' },
        pairs([
          [t('checkout.gateway'), t(`gateway.${capture.gateway}`)],
          [t('office.payment.gateway_id'), capture.gateway_payment_id],
          [t('checkout.order'), capture.order_id || t('office.capture.no_order')],
          [t('office.captures.captured_at'), dateTime(capture.taken_at ?? capture.captured_at)],
          [t('office.captures.reported_at'), dateTime(capture.captured_at)],
          [t('office.payment'), payment ? reference('payment', payment) : null],
        ]),
        resolution
          ? pairs([
              [t('office.capture.resolved_at'), dateTime(resolution.at)],
              [t('office.capture.resolved_by'), personName(resolution.by)],
              [t('office.capture.wallet_of'), resolution.user_id ? personName(resolution.user_id) : null],
              [t('office.reason'), resolution.reason],
            ])
          : null,
        capture.outcome === 'unknown_order' && !resolution ? this.#actions(capture) : null,
      ),
    ];
  }

  /** @param {Capture} capture */
  #actions(capture) {
    if (!isAdmin()) return h('p', { class: 'hint' }, t('office.capture.admin_hint'));
    return actionBar(
      actionButton(t('office.capture.to_wallet'), () => this.#toWallet(capture)),
      actionButton(t('office.capture.to_payment'), () => this.#toPayment(capture), 'primary'),
    );
  }

  /** @param {Capture} capture */
  async #toPayment(capture) {
    const choices = await readChoices(capture).catch((error) => void toast(problemText(error)));
    if (!choices) return;
    const hint = t('office.capture.payment_hint', { amount: amountText(capture) });
    const answer = await runAction({
      title: t('office.capture.to_payment'),
      label: t('office.capture.to_payment'),
      fields: [
        choices.length > 0
          ? { name: 'payment_id', label: t('office.payment'), hint, type: 'select', choices }
          : { name: 'payment_id', label: t('office.capture.payment_id'), hint: t('office.capture.no_payment') },
        reasonField(t('office.capture.reason_hint')),
      ],
      effects: ({ reason = '' }) => [
        t('office.capture.payment_effect', { amount: amountText(capture) }),
        t('office.payment.commission_effect'),
        t('office.reason.given', { reason }),
      ],
      act: ({ payment_id: payment, reason = '' }, key) =>
        this.#resolve(capture, { to: 'payment', payment_id: payment, reason }, key),
    });
    if (answer) this.#capture.set(answer);
  }

  /** @param {Capture} capture */
  async #toWallet(capture) {
    let name = '';
    const answer = await runAction({
      title: t('office.capture.to_wallet'),
      label: t('office.capture.to_wallet'),
      fields: [
        personField({
          name: 'user_id',
          label: t('office.person'),
          changed: (person) => (name = person?.name ?? ''),
        }),
        reasonField(t('office.capture.reason_hint')),
      ],
      effects: ({ reason = '' }) => [
        t('office.capture.wallet_effect', { amount: amountText(capture), name }),
        t('office.wallet.final_effect'),
        t('office.reason.given', { reason }),
      ],
      act: ({ user_id: userId = '', reason = '' }, key) =>
        this.#resolve(capture, { to: 'wallet', user_id: userId, reason }, key),
    });
    if (answer) this.#capture.set(answer);
  }

  /**
   * @param {Capture} capture
   * @param {import('../shell/api.js').Body<'post', '/api/v1/payments/captures/{gateway}/{gateway_payment_id}/resolve'>} body
   * @param {string} key
   */
  #resolve({ gateway, gateway_payment_id: id }, body, key) {
    return post('/api/v1/payments/captures/{gateway}/{gateway_payment_id}/resolve', body, {
      params: { gateway, gateway_payment_id: id },
      key,
    });
  }
}

/** @param {Pick<Capture, 'amount' | 'currency'>} capture */
const amountText = ({ amount, currency }) => (currency === 'INR' ? money(amount) : `${amount} ${currency}`);

/**
 * The pending payments that could get the capture, each with its member and time.
 * @param {Capture} capture
 */
async function readChoices({ gateway, amount }) {
  const query = { status: 'pending', method: 'online', limit: 100 };
  const payments = await readAll((cursor) => get('/api/v1/payments', { query: { ...query, cursor } }));
  const possible = payments.filter((payment) => payment.gateway === gateway && payment.amount === amount);
  return Promise.all(
    possible.map(async ({ id, user_id: userId, created_at: at }) => {
      const name = (await nameOf(userId)) ?? shortId(userId);
      return { value: id, label: `${name} · ${dateTime(at)}` };
    }),
  );
}

customElements.define('ev-capture-page', CapturePage);
