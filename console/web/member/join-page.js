// `<ev-join-page>`: registration by a referral link.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { navigate } from '../shell/router.js';
import { t } from '../i18n/i18n.js';
import './code-sign-in.js';

class JoinPage extends ViewElement {
  /** @type {Record<string, string>} */
  params = {};

  view() {
    const code = (this.params['code'] ?? '').toUpperCase();
    return h(
      'div',
      { class: 'narrow stack' },
      h('h1', null, t('join.title')),
      h('p', null, t('join.invited', { code })),
      custom('ev-code-sign-in', { '.referralCode': code, '.done': () => navigate('/', { replace: true }) }),
    );
  }
}

customElements.define('ev-join-page', JoinPage);
