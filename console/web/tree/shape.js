// Shape of a tree: who stands under whom, as arrays in preorder, so that a subtree is one range of positions.

/**
 * The API's answer: for each member in preorder its id, the position of its parent (-1 for the root), its side, and
 * whether it is an Active Buyer.
 * @typedef {{ids: string[], parents: number[], sides: string, active: string}} ShapeAnswer
 */
/**
 * @typedef {{
 *   ids: string[],
 *   parent: Int32Array,
 *   isRight: Uint8Array,
 *   isActive: Uint8Array,
 *   depth: Uint32Array,
 *   size: Uint32Array,
 *   left: Int32Array,
 *   right: Int32Array,
 * }} Shape
 */

/**
 * Derives depths, subtree sizes and children; -1 is nobody.
 * @param {ShapeAnswer} answer
 * @returns {Shape}
 */
export function readShape({ ids, parents, sides, active }) {
  const count = ids.length;
  /** @type {Shape} */
  const shape = {
    ids,
    parent: Int32Array.from(parents),
    isRight: Uint8Array.from(sides, (side) => Number(side === 'R')),
    isActive: Uint8Array.from(active, Number),
    depth: new Uint32Array(count),
    size: new Uint32Array(count).fill(1),
    left: new Int32Array(count).fill(-1),
    right: new Int32Array(count).fill(-1),
  };
  for (let i = 1; i < count; i += 1) {
    const parent = at(shape.parent, i);
    shape.depth[i] = at(shape.depth, parent) + 1;
    (shape.isRight[i] ? shape.right : shape.left)[parent] = i;
  }
  for (let i = count - 1; i > 0; i -= 1) {
    const parent = at(shape.parent, i);
    shape.size[parent] = at(shape.size, parent) + at(shape.size, i);
  }
  return shape;
}

/**
 * The number at a position that exists.
 * @param {{readonly [position: number]: number}} numbers
 * @param {number} position
 */
export const at = (numbers, position) => /** @type {number} */ (numbers[position]);

/**
 * The children of a member that exist, left before right.
 * @param {Shape} shape
 * @param {number} i
 */
export const children = (shape, i) => [at(shape.left, i), at(shape.right, i)].filter((child) => child >= 0);

/**
 * The members from the root down to `i`.
 * @param {Shape} shape
 * @param {number} i
 */
export function pathTo(shape, i) {
  const path = [];
  for (let node = i; node >= 0; node = at(shape.parent, node)) path.unshift(node);
  return path;
}
