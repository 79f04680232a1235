// `<ev-payout-page>`: one payout with its parts and its states as a timeline.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { get, post } from '../shell/api.js';
import { confirmAction } from '../shell/dialog.js';
import { onChange } from '../shell/live.js';
import { detailPage } from '../shell/detail-page.js';
import { backLink, card, effectList, inLanguage, pairs, saveButton, saveFile, statusTag } from '../shell/parts.js';
import { Resource } from '../shell/resource.js';
import { dateTime, money } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { payoutParts } from './payout-parts.js';
import './payout-lines.js';

/** @typedef {Awaited<ReturnType<typeof readPayout>>} Payout */

/**
 * @param {string} id
 * @param {AbortSignal} signal
 */
const readPayout = (id, signal) => get('/api/v1/payouts/{id}', { params: { id }, signal });

/** The states on the way to the bank account. */
const WAY = ['requested', 'pending', 'approved', 'processing', 'completed'];
/** How far a payout came that ended elsewhere, in states of the way. */
const ENDED_AFTER = new Map([
  ['rejected', 1],
  ['cancelled', 2],
  ['failed', 4],
  ['reversed', 5],
]);
/** The wallet's answer comes within seconds. */
const WALLET_DELAY_MS = 1_500;

class PayoutPage extends ViewElement {
  /** @type {Record<string, string>} */
  params = {};
  #payout = new Resource(this, (signal) => readPayout(this.params['id'] ?? '', signal));

  start() {
    void this.#load();
    onChange(['payout'], () => this.#payout.load(), this.signal);
  }

  async #load() {
    await this.#payout.load();
    if (this.#payout.value?.status !== 'requested') return;
    const timer = setTimeout(() => this.#payout.load(), WALLET_DELAY_MS);
    this.signal.addEventListener('abort', () => clearTimeout(timer));
  }

  view() {
    return detailPage(
      { back: backLink('/payouts', t('payouts.back')), title: t('payout.title') },
      this.#payout,
      (payout) => this.#content(payout),
    );
  }

  /** @param {Payout} payout */
  #content(payout) {
    const { bank } = payout;
    const isFinal = !['requested', 'pending'].includes(payout.status);
    return [
      h(
        'div',
        { class: 'page-head' },
        h('h1', null, t('payout.of', { amount: money(payout.requested) })),
        statusTag('payout', payout.status),
      ),
      h('div', { class: 'cards' }, [
        card(t('payout.states'), timeline(payout), this.#cancelButton(payout)),
        card(
          t('payout.parts'),
          isFinal ? null : h('p', { class: 'hint' }, t('payout.estimate')),
          payoutParts(payout),
          pairs([
            [t('payout.bank'), `${bank.bank_name}, ${bank.account_number}, ${bank.ifsc}`],
            [t('account.holder_name'), bank.holder_name],
            [t('payout.utr'), payout.utr],
          ]),
          payout.status === 'completed' ? adviceButton(payout.id) : null,
        ),
      ]),
      h('p', null, h('a', { href: `/grievances?payout=${payout.id}` }, t('grievance.file'))),
      card(t('payout.lines'), custom('ev-payout-lines', { key: payout.updated_at, '.payoutId': payout.id })),
    ];
  }

  /** @param {Payout} payout */
  #cancelButton(payout) {
    if (payout.status !== 'pending') return null;
    return h(
      'footer',
      { class: 'actions' },
      h('button', { type: 'button', class: 'danger', onclick: () => this.#cancel(payout) }, t('payout.cancel')),
    );
  }

  /** @param {Payout} payout */
  async #cancel({ id, requested }) {
    const cancelled = await confirmAction({
      title: t('payout.cancel'),
      effects: effectList([t('payout.cancel_effect'), t('payout.cancel_release', { amount: money(requested) })]),
      label: t('payout.cancel'),
      isDestructive: true,
      act: (key) => post('/api/v1/payouts/{id}/cancel', undefined, { params: { id }, key }),
    });
    if (cancelled) void this.#payout.load();
  }
}

/** @param {Payout} payout */
function timeline(payout) {
  const { status, reason, approvals, approvals_needed: needed, history } = payout;
  const times = new Map(history.map((step) => [String(step.status), step.at]));
  const ended = ENDED_AFTER.get(status);
  const states = ended === undefined ? WAY : [...WAY.slice(0, ended), status];
  const current = states.indexOf(status);
  return h(
    'ol',
    { class: 'timeline' },
    states.map((state, i) =>
      h(
        'li',
        {
          'data-state': i <= current ? 'reached' : 'ahead',
          'data-tone': ended !== undefined && i === current ? 'bad' : null,
          'aria-current': i === current ? 'step' : null,
        },
        h('strong', null, t(`payout.status.${state}`)),
        i === current ? h('p', { class: 'hint' }, t(`payout.about.${state}`)) : null,
        i <= current ? time(times.get(state)) : null,
        i === current && state === 'pending' && needed > 1
          ? h('p', null, t('payout.approvals', { count: approvals, needed }))
          : null,
        i === current && reason ? h('p', null, t('payout.reason', { reason })) : null,
      ),
    ),
  );
}

/** @param {string | undefined} at of a payout from before the states were recorded, some are unknown */
const time = (at) => (at ? h('p', { class: 'hint' }, h('time', { datetime: at }, dateTime(at))) : null);

/** @param {string} id */
const adviceButton = (id) =>
  saveButton(t('payout.advice'), () =>
    saveFile('/api/v1/payouts/{id}/advice', { params: { id }, query: inLanguage() }),
  );

customElements.define('ev-payout-page', PayoutPage);
