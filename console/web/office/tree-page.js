// `<ev-office-tree-page>`: the tree of the company, or below anybody.

import { ViewElement } from '../shell/view-element.js';
import { custom } from '../shell/view.js';
import '../tree/tree-page.js';

class OfficeTreePage extends ViewElement {
  query = new URLSearchParams();

  view() {
    // Another root is another tree, which starts anew.
    const key = this.query.get('root') ?? 'company';
    return custom('ev-tree-page', { key, '.query': this.query, '.isOffice': true });
  }
}

customElements.define('ev-office-tree-page', OfficeTreePage);
