// `<ev-person-tree>`: a person's place in the tree, with the members around it.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { get, orNull } from '../shell/api.js';
import { card, pairs } from '../shell/parts.js';
import { Resource, show } from '../shell/resource.js';
import { isAdmin } from '../shell/session.js';
import { dateTime, number } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { personName } from './person-name.js';

/** @typedef {import('./person-page.js').Person} Person */
/** @typedef {NonNullable<Awaited<ReturnType<typeof readNode>>>} Node */
/** @typedef {Awaited<ReturnType<typeof readTree>>} Tree */

/**
 * @param {string} userId
 * @param {AbortSignal} signal
 */
const readNode = (userId, signal) =>
  orNull(get('/api/v1/binary/nodes/{user_id}', { params: { user_id: userId }, signal }));

/**
 * @param {string} root
 * @param {AbortSignal} signal
 */
const readTree = (root, signal) => orNull(get('/api/v1/binary/tree', { query: { root, depth: 1 }, signal }));

class PersonTree extends ViewElement {
  /** @type {Person | undefined} */
  person;
  changed = () => undefined;
  #node = new Resource(this, (signal) => readNode(this.person?.id ?? '', signal));
  #tree = new Resource(this, (signal) => readTree(this.person?.id ?? '', signal));

  start() {
    void this.#node.load();
    void this.#tree.load();
  }

  view() {
    return show(this.#node, (node) => (node ? [place(node), show(this.#tree, below)] : noPlace(this.person?.id ?? '')));
  }
}

/** @param {string} userId */
const noPlace = (userId) =>
  h(
    'div',
    { class: 'empty' },
    h('p', null, t('office.tree.not_placed')),
    isAdmin()
      ? h('a', { class: 'button', href: `/office/placements?member=${userId}` }, t('office.placements.place'))
      : null,
  );

/** @param {Node} node */
const place = (node) =>
  card(
    t('office.tree.place'),
    pairs([
      [t('office.tree.parent'), node.parent_id ? personName(node.parent_id) : t('office.tree.root')],
      [t('office.tree.side'), t(`side.${node.side}`)],
      [t('office.tree.depth'), number(node.depth)],
      [t('office.tree.sponsor'), node.sponsor_id ? personName(node.sponsor_id) : null],
      [t('office.tree.placed_at'), dateTime(node.placed_at)],
      [t('office.tree.left_count'), number(node.left_count)],
      [t('office.tree.right_count'), number(node.right_count)],
      [t('office.tree.pairs_total'), number(node.pairs_total)],
      [t(`home.pairs.${node.limit.per}`), t('tree.limit', { used: node.limit.used, of: node.limit.of })],
      [t('office.tree.pairs_carried'), number(node.pairs_carried)],
    ]),
    h('p', null, h('a', { href: `/office/tree?root=${node.user_id}` }, t('office.tree.from_here'))),
  );

/** @param {Tree} tree */
function below(tree) {
  if (!tree) return null;
  const sides = /** @type {const} */ (['left', 'right']);
  return card(
    t('office.tree.below'),
    pairs(
      sides.map((side) => {
        const member = tree[side];
        return [t(`side.${side}`), member?.user_id ? personName(member.user_id) : t('office.tree.free')];
      }),
    ),
  );
}

customElements.define('ev-person-tree', PersonTree);
