// `<ev-captures-page>`: what the payment gateways reported: captures, refunds and webhook events, and open refunds.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { t } from '../i18n/i18n.js';
import { pageHead } from './list-page.js';
import './gateway-list.js';
import './refund-list.js';
import './tabs.js';

class CapturesPage extends ViewElement {
  query = new URLSearchParams();

  view() {
    return h(
      'div',
      { class: 'page' },
      pageHead(t('office.captures.title')),
      h('p', { class: 'hint' }, t('office.captures.about')),
      custom('ev-tabs', { '.label': t('office.captures.title'), '.query': this.query, '.tabs': tabs(this.query) }),
    );
  }
}

/** @param {URLSearchParams} query */
const tabs = (query) => [
  ...['captures', 'reported', 'events'].map((name) => ({
    name,
    label: t(`office.captures.tab.${name}`),
    view: () => custom('ev-gateway-list', { '.kind': name, '.query': query }),
  })),
  { name: 'refunds', label: t('office.captures.tab.refunds'), view: () => custom('ev-refund-list') },
];

customElements.define('ev-captures-page', CapturesPage);
