// `<ev-sign-in-page>`: sign-in by a one-time code, and the way there for somebody who is new.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { navigate } from '../shell/router.js';
import { t } from '../i18n/i18n.js';
import './code-sign-in.js';

class SignInPage extends ViewElement {
  /** @type {URLSearchParams} */
  query = new URLSearchParams();

  view() {
    return h(
      'div',
      { class: 'narrow card sign-in' },
      h('h1', null, t('sign_in.title')),
      h('p', { class: 'hint' }, t('sign_in.intro')),
      custom('ev-code-sign-in', { '.done': () => navigate(this.#destination(), { replace: true }) }),
    );
  }

  /** The page that the person wanted to see; only an address of this console. */
  #destination() {
    const wanted = new URL(this.query.get('then') ?? '/', location.origin);
    return wanted.origin === location.origin ? `${wanted.pathname}${wanted.search}` : '/';
  }
}

customElements.define('ev-sign-in-page', SignInPage);
