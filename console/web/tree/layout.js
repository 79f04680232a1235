// Layout of a tree: a column for every leaf, a parent above the middle of its children, a row for every level.

import { at } from './shape.js';

/** @typedef {import('./shape.js').Shape} Shape */
/**
 * Columns of each member and of its subtree's edges, and the depth of its subtree's deepest member.
 * @typedef {{x: Float64Array, first: Float64Array, last: Float64Array, bottom: Uint32Array, width: number}} Layout
 */

/** An only child stands this much to its side, so that its side can be seen. */
const ONLY_CHILD_SHIFT = 0.25;

/**
 * Places all members. Nothing recurses, so a chain of any depth is possible.
 * @param {Shape} shape
 * @returns {Layout}
 */
export function layOut(shape) {
  const count = shape.ids.length;
  const [x, first, last] = [new Float64Array(count), new Float64Array(count), new Float64Array(count)];
  const bottom = Uint32Array.from(shape.depth);
  let column = 0;
  // In preorder leaves come from left to right; a parent is placed after its children, in reverse.
  for (let i = 0; i < count; i += 1) {
    if (at(shape.size, i) === 1) {
      x[i] = first[i] = last[i] = column;
      column += 1;
    }
  }
  for (let i = count - 1; i >= 0; i -= 1) {
    if (at(shape.size, i) === 1) continue;
    const [left, right] = [at(shape.left, i), at(shape.right, i)];
    const only = left < 0 ? right : left;
    first[i] = at(first, left < 0 ? right : left);
    last[i] = at(last, right < 0 ? left : right);
    bottom[i] = Math.max(left < 0 ? 0 : at(bottom, left), right < 0 ? 0 : at(bottom, right));
    if (left >= 0 && right >= 0) x[i] = (at(x, left) + at(x, right)) / 2;
    else x[i] = at(x, only) + (left < 0 ? -ONLY_CHILD_SHIFT : ONLY_CHILD_SHIFT);
    first[i] = Math.min(at(first, i), at(x, i));
    last[i] = Math.max(at(last, i), at(x, i));
  }
  return { x, first, last, bottom, width: Math.max(column, 1) };
}
