// `<ev-office-tax-page>`: the rules of tax deduction, the tax deducted from all payouts with its statements, and its
// deposits.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { t } from '../i18n/i18n.js';
import { pageHead } from './list-page.js';
import './challan-list.js';
import './tabs.js';
import './tax-rules.js';
import './tds-list.js';

class TaxPage extends ViewElement {
  query = new URLSearchParams();

  view() {
    return h(
      'div',
      { class: 'page' },
      pageHead(t('tax.title')),
      custom('ev-tabs', {
        '.label': t('tax.title'),
        '.query': this.query,
        '.tabs': [
          { name: 'rules', label: t('office.tax.rules'), view: () => custom('ev-tax-rules') },
          { name: 'deductions', label: t('office.tax.deductions'), view: () => custom('ev-tds-list') },
          { name: 'challans', label: t('office.challan.title'), view: () => custom('ev-challan-list') },
        ],
      }),
    );
  }
}

customElements.define('ev-office-tax-page', TaxPage);
