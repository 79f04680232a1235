// `<ev-payout-request-page>`: request of a payout, with its parts quoted while the amount is typed.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { get, post } from '../shell/api.js';
import { confirmAction } from '../shell/dialog.js';
import { amountInput, amountText, isAmount } from '../shell/form.js';
import { backLink, effectList } from '../shell/parts.js';
import { Preview, showPreview } from '../shell/preview.js';
import { Resource, show } from '../shell/resource.js';
import { navigate } from '../shell/router.js';
import { money } from '../i18n/format.js';
import { find, t } from '../i18n/i18n.js';
import { readAccounts } from './bank-accounts-page.js';
import { payoutParts } from './payout-parts.js';

/** @typedef {import('./bank-accounts-page.js').Account} Account */
/** @typedef {import('../shell/form.js').Values} Values */
/** @typedef {import('../shell/form.js').Sent} Sent */
/** @typedef {{amount: string, bank_account_id: string | null, emi_autofill: boolean}} Request */

/** @typedef {Awaited<ReturnType<typeof readEstimate>>} Estimate */

/** @param {Request} request */
const readQuote = (request) => post('/api/v1/payouts/quote', request);

/**
 * The parts also of a payout that would be refused, with all refusals.
 * @param {Request} request
 * @param {AbortSignal} signal
 */
const readEstimate = (request, signal) => post('/api/v1/payouts/quote', { ...request, estimate: true }, { signal });

class PayoutRequestPage extends ViewElement {
  #profile = new Resource(this, (signal) => get('/api/v1/users/me', { signal }));
  #wallet = new Resource(this, (signal) => get('/api/v1/wallet', { signal }));
  #plan = new Resource(this, (signal) => get('/api/v1/plan', { signal }));
  #accounts = new Resource(this, readAccounts);
  #quote = new Preview(this, readEstimate);

  start() {
    for (const resource of [this.#profile, this.#wallet, this.#plan, this.#accounts]) void resource.load();
  }

  /** @param {Values} values */
  #change(values) {
    void this.#quote.change(isAmount(values['amount'] ?? '') ? requestOf(values) : null);
  }

  view() {
    return h(
      'div',
      { class: 'page' },
      backLink('/payouts', t('payouts.back')),
      h('h1', null, t('payout.new')),
      this.#profile.value && this.#profile.value.kyc_status !== 'approved' ? kycNotice() : null,
      h(
        'section',
        { class: 'card', key: 'request' },
        show(this.#wallet, ({ available }) => h('p', null, t('payout.available', { amount: money(available) }))),
        show(this.#accounts, (accounts) => this.#form(accounts)),
      ),
    );
  }

  /** @param {Account[]} accounts */
  #form(accounts) {
    const minimum = this.#plan.value?.plan.payout.minimum;
    /** @type {import('../shell/form.js').Field[]} */
    const fields = [
      {
        name: 'amount',
        label: t('payout.amount'),
        hint: minimum ? t('payout.minimum', { amount: money(minimum) }) : undefined,
        input: amountInput(),
      },
      {
        name: 'emi_autofill',
        label: t('payout.autofill'),
        hint: t('payout.autofill_hint'),
        type: 'select',
        value: 'false',
        choices: ['false', 'true'].map((value) => ({ value, label: t(`choice.${value}`) })),
      },
    ];
    if (accounts.length > 0) {
      const choices = accounts.map((account) => ({ value: account.id, label: accountLabel(account) }));
      fields.splice(1, 0, { name: 'bank_account_id', label: t('payout.bank'), type: 'select', choices });
    }
    return custom('ev-form', {
      key: 'form',
      '.fields': fields,
      '.submitLabel': t('payout.submit'),
      '.preview': showPreview(this.#quote, estimate, t('payout.quote_hint')),
      '.changed': (/** @type {Values} */ values) => this.#change(values),
      '.send': (/** @type {Values} */ values, /** @type {Sent} */ sent) =>
        this.#request(requestOf(values), accounts, sent),
      '.done': (/** @type {{id: string} | undefined} */ payout) => payout && navigate(`/payouts/${payout.id}`),
    });
  }

  /**
   * Asks with the parts as they are now, which may differ from those of the last quote.
   * @param {Request} request
   * @param {Account[]} accounts
   * @param {Sent} sent
   */
  async #request(request, accounts, sent) {
    const quote = await readQuote(request);
    const account = accounts.find(({ id }) => id === request.bank_account_id);
    const effects = [t('payout.effect_hold', { amount: money(request.amount) }), t('payout.effect_review')];
    return confirmAction({
      title: t('payout.new'),
      effects: h(
        'div',
        { class: 'stack' },
        payoutParts(quote),
        account ? h('p', null, t('payout.to', { account: accountLabel(account) })) : null,
        effectList(effects),
      ),
      label: t('payout.submit'),
      ...sent,
      act: (key) => post('/api/v1/payouts', request, { key }),
    });
  }
}

/** @param {Estimate} parts */
const estimate = (parts) => [
  payoutParts(parts),
  parts.refusals.length > 0
    ? h(
        'div',
        { class: 'notice warn' },
        h('p', null, t('payout.refusals')),
        effectList(parts.refusals.map((code) => find(`problem.${code}`) ?? code)),
      )
    : null,
];

const kycNotice = () =>
  h('p', { class: 'notice warn' }, t('payout.kyc_first'), ' ', h('a', { href: '/kyc' }, t('payout.kyc_link')));

/**
 * @param {Values} values
 * @returns {Request}
 */
const requestOf = ({ amount = '', bank_account_id: accountId, emi_autofill: autofill }) => ({
  amount: amountText(amount),
  bank_account_id: accountId || null,
  emi_autofill: autofill === 'true',
});

/** @param {Account} account */
const accountLabel = ({ bank_name: bank, account_number: number, verified }) =>
  verified ? `${bank} ${number}` : t('account.unverified_name', { name: `${bank} ${number}` });

customElements.define('ev-payout-request-page', PayoutRequestPage);
