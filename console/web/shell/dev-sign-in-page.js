// `<ev-dev-sign-in-page>`: sign-in by a link of the demonstration, whose token is after the `#` of the address.

import { ViewElement } from './view-element.js';
import { custom, h } from './view.js';
import { Problem, offline, problemOf } from './problem.js';
import { navigate } from './router.js';
import { startSession } from './session.js';
import { t } from '../i18n/i18n.js';

class DevSignInPage extends ViewElement {
  #token = '';
  /** @type {unknown} */
  #error;

  start() {
    this.#token = location.hash.slice(1);
    // The token does not stay in the history.
    history.replaceState(null, '', location.pathname);
    void this.#signIn();
  }

  async #signIn() {
    this.#error = undefined;
    this.update();
    try {
      startSession(await redeem(this.#token));
      navigate('/', { replace: true });
    } catch (error) {
      this.#error = error;
      this.update();
    }
  }

  view() {
    return h(
      'div',
      { class: 'narrow card sign-in' },
      h('h1', null, t('sign_in.title')),
      this.#error ? this.#refused() : h('p', { role: 'status' }, t('action.running')),
    );
  }

  #refused() {
    const isGone = this.#error instanceof Problem && this.#error.status === 404;
    return [
      isGone
        ? h('p', { role: 'alert' }, t('sign_in.link_gone'))
        : custom('ev-problem', { '.error': this.#error, '.retry': () => this.#signIn() }),
      h('p', null, h('a', { href: '/sign-in' }, t('sign_in.with_code'))),
    ];
  }
}

/**
 * Uses a link up and returns the tokens of its session. Only the embedded run on a loopback address has such links.
 * @param {string} token
 * @returns {Promise<import('./session.js').Tokens>}
 */
async function redeem(token) {
  const request = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ token }) };
  const response = await fetch('/dev/sign-in', request).catch(() => {
    throw offline();
  });
  const text = await response.text();
  if (!response.ok) throw problemOf(response, text);
  return JSON.parse(text);
}

customElements.define('ev-dev-sign-in-page', DevSignInPage);
