// `<ev-profile-page>`: a member's data, e-mail address and mobile number, nominee, sessions and notification preferences.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { t } from '../i18n/i18n.js';
import './identifiers.js';
import './nominee.js';
import './notification-preferences.js';
import './profile-form.js';
import './sessions.js';

/** @type {readonly [string, `${string}-${string}`][]} */
const SECTIONS = [
  ['profile.data', 'ev-profile-form'],
  ['identifiers.title', 'ev-identifiers'],
  ['nominee.title', 'ev-nominee'],
  ['sessions.title', 'ev-sessions'],
  ['preferences.title', 'ev-notification-preferences'],
];

class ProfilePage extends ViewElement {
  view() {
    return h(
      'div',
      { class: 'page' },
      h('h1', null, t('profile.title')),
      SECTIONS.map(([title, element]) =>
        h('section', { class: 'card' }, h('h2', null, t(title)), custom(element, { class: 'stack' })),
      ),
      h(
        'section',
        { class: 'card' },
        h('h2', null, t('privacy.title')),
        h('p', null, h('a', { href: '/privacy' }, t('privacy.link'))),
      ),
    );
  }
}

customElements.define('ev-profile-page', ProfilePage);
