// `<ev-tree-details>`: the place, the legs and the pairs of one member of the tree.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { get } from '../shell/api.js';
import { Resource, show } from '../shell/resource.js';
import { isStaff } from '../shell/session.js';
import { card, pairs } from '../shell/parts.js';
import { date, number } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';

class TreeDetails extends ViewElement {
  memberId = '';
  #node = new Resource(this, (signal) =>
    get('/api/v1/binary/nodes/{user_id}', { params: { user_id: this.memberId }, signal }),
  );

  start() {
    void this.#node.load();
  }

  view() {
    return show(this.#node, (node) =>
      card(
        node.name || t('tree.unnamed'),
        pairs([
          [t('tree.side'), t(`side.${node.side}`)],
          [t('tree.depth'), number(node.depth)],
          [t('tree.placed_at'), date(node.placed_at)],
          [t('tree.active'), t(node.is_active_buyer ? 'tree.yes' : 'tree.no')],
          [t('tree.left'), t('tree.leg', { count: node.left_count, waiting: node.unmatched_left })],
          [t('tree.right'), t('tree.leg', { count: node.right_count, waiting: node.unmatched_right })],
          [t('tree.pairs'), number(node.pairs_total)],
          [t('tree.pairs_now'), t('tree.limit', { used: node.limit.used, of: node.limit.of })],
        ]),
        isStaff()
          ? h(
              'p',
              { class: 'row' },
              h('a', { href: `/office/people/${node.user_id}` }, t('tree.person')),
              h('a', { href: `/office/tree?root=${node.user_id}` }, t('office.tree.from_here')),
            )
          : null,
      ),
    );
  }
}

customElements.define('ev-tree-details', TreeDetails);
