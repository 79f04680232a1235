// Large trees, as the API answers their shape.

/** A tree in preorder, grown by a fixed sequence of numbers. */
export function grown(count) {
  const kids = [[-1, -1]];
  let seed = 1;
  const next = () => (seed = (seed * 48_271) % 2_147_483_647);
  for (let i = 1; i < count; i += 1) {
    let [parent, side] = [next() % i, next() % 2];
    while (kids[parent][side] >= 0) [parent, side] = [kids[parent][side], next() % 2];
    kids[parent][side] = i;
    kids.push([-1, -1]);
  }
  const answer = { ids: [], parents: [], sides: '', active: '' };
  const [sides, stack] = [[], [[0, -1, 'L']]];
  while (stack.length > 0) {
    const [node, parent, side] = stack.pop();
    const at = answer.ids.push(String(node)) - 1;
    answer.parents.push(parent);
    sides.push(side);
    if (kids[node][1] >= 0) stack.push([kids[node][1], at, 'R']);
    if (kids[node][0] >= 0) stack.push([kids[node][0], at, 'L']);
  }
  return { ...answer, sides: sides.join(''), active: '1'.repeat(count) };
}

const CHAINS = 256;

/** A full tree with a chain of equal length below each of its ends: many members in few columns. */
export function chains(count) {
  const answer = { ids: [], parents: [], sides: '', active: '' };
  const length = Math.floor((count - 2 * CHAINS + 1) / CHAINS);
  const sides = [];
  const add = (parent, side) => {
    sides.push(side);
    answer.parents.push(parent);
    return answer.ids.push(String(answer.ids.length)) - 1;
  };
  const grow = (parent, side, ends) => {
    let node = add(parent, side);
    if (ends > 1) for (const below of ['L', 'R']) grow(node, below, ends / 2);
    else for (let i = 0; i < length; i += 1) node = add(node, 'L');
  };
  grow(-1, 'L', CHAINS);
  return { ...answer, sides: sides.join(''), active: '1'.repeat(sides.length) };
}
