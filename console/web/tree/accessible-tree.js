// Part of a tree for keyboards and screen readers: the path to the focused member, their sibling, and their children.

import { h } from '../shell/view.js';
import { t } from '../i18n/i18n.js';
import { at, children, pathTo } from './shape.js';

/** @typedef {import('./shape.js').Shape} Shape */

const MAX_LEVELS = 12;

/**
 * @param {Shape} shape
 * @param {Map<string, string>} labels
 * @param {number} focused
 * @param {(i: number) => void} focus
 */
export function accessibleTree(shape, labels, focused, focus) {
  const path = pathTo(shape, focused);
  const item = (/** @type {number} */ i, /** @type {number} */ position, /** @type {number} */ among) =>
    h(
      'li',
      {
        key: shape.ids[i],
        role: 'treeitem',
        tabindex: i === focused ? 0 : -1,
        'aria-level': at(shape.depth, i) + 1,
        'aria-posinset': position,
        'aria-setsize': among,
        'aria-selected': String(i === focused),
        'aria-expanded': at(shape.size, i) > 1 ? String(path.includes(i)) : null,
        onclick: () => focus(i),
      },
      describe(shape, labels, i),
    );
  return h(
    'ul',
    { role: 'tree', class: 'tree-path', 'aria-label': t('tree.title') },
    nearMembers(shape, focused).map((level) => level.map((i, k) => item(i, k + 1, level.length))),
  );
}

/**
 * The levels that are shown: those of the path with the siblings on it, and the children of the focused member.
 * @param {Shape} shape
 * @param {number} focused
 */
export function nearMembers(shape, focused) {
  const path = pathTo(shape, focused);
  // A path may have thousands of levels; the nearest ones say where the member is.
  const near = path.length > MAX_LEVELS ? [0, ...path.slice(1 - MAX_LEVELS)] : path;
  const levels = near.map((i) => {
    const parent = at(shape.parent, i);
    return parent < 0 ? [i] : children(shape, parent);
  });
  return [...levels, children(shape, focused)];
}

/**
 * @param {Shape} shape
 * @param {Map<string, string>} labels
 * @param {number} i
 */
function describe(shape, labels, i) {
  const name = labels.get(shape.ids[i] ?? '') ?? t('tree.unnamed');
  const side = at(shape.parent, i) < 0 ? '' : t(shape.isRight[i] ? 'side.right' : 'side.left');
  const below = t('tree.below', { count: at(shape.size, i) - 1 });
  const state = shape.isActive[i] ? t('tree.active') : '';
  return [name, side, state, below].filter(Boolean).join(' · ');
}
