// `<ev-join-page>`: registration by a referral link, with the name of the member whose link it is.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { get, orNull } from '../shell/api.js';
import { Resource, skeleton } from '../shell/resource.js';
import { navigate } from '../shell/router.js';
import { t } from '../i18n/i18n.js';
import './code-sign-in.js';

/**
 * The code with its owner's name; null for a code that nobody can join with.
 * @param {string} code
 * @param {AbortSignal} signal
 */
const readReferral = (code, signal) => orNull(get('/api/v1/auth/referral-codes/{code}', { params: { code }, signal }));

class JoinPage extends ViewElement {
  /** @type {Record<string, string>} */
  params = {};
  #referral = new Resource(this, (signal) => readReferral(this.#code, signal));

  start() {
    void this.#referral.load();
  }

  get #code() {
    return (this.params['code'] ?? '').toUpperCase();
  }

  view() {
    return h('div', { class: 'narrow card sign-in' }, h('h1', null, t('join.title')), this.#content());
  }

  #content() {
    const { value: referral, error } = this.#referral;
    const code = this.#code;
    if (referral === null) {
      return [
        h('p', { class: 'notice warn', role: 'alert' }, t('join.unknown_code', { code })),
        h('p', null, h('a', { href: '/sign-in' }, t('join.to_sign_in'))),
      ];
    }
    if (!referral && !error) return skeleton();
    return [
      referral
        ? h('p', null, t('join.invited', { name: referral.referrer.display_name, code: referral.code }))
        : custom('ev-problem', { key: 'problem', '.error': error, '.retry': () => this.#referral.load() }),
      // Registration itself does not need the name.
      custom('ev-code-sign-in', {
        key: 'form',
        '.referralCode': code,
        '.acceptsSide': referral?.accepts_side ?? true,
        '.done': () => navigate('/', { replace: true }),
      }),
    ];
  }
}

customElements.define('ev-join-page', JoinPage);
