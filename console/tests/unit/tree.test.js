// Shape, layout and visible part of a tree, against what a small tree must give, and with very large ones.

import assert from 'node:assert/strict';
import test from 'node:test';
import { MAX_DRAWN_NODES, visible } from '../../web/tree/draw.js';
import { layOut } from '../../web/tree/layout.js';
import { children, pathTo, readShape } from '../../web/tree/shape.js';
import { grown } from '../support/large-trees.js';

//      0
//    1   4
//   2 3    5
const SMALL = { ids: ['a', 'b', 'c', 'd', 'e', 'f'], parents: [-1, 0, 1, 1, 0, 4], sides: 'LLLRRR', active: '101010' };

test('a shape has depths, sizes, children and paths', () => {
  const shape = readShape(SMALL);
  assert.deepEqual([...shape.depth], [0, 1, 2, 2, 1, 2]);
  assert.deepEqual([...shape.size], [6, 3, 1, 1, 2, 1]);
  assert.deepEqual(children(shape, 1), [2, 3]);
  assert.deepEqual(children(shape, 4), [5]);
  assert.deepEqual(pathTo(shape, 3), [0, 1, 3]);
});

test('a parent stands between its children, and an only child on its side', () => {
  const layout = layOut(readShape(SMALL));
  assert.deepEqual([...layout.x], [1.125, 0.5, 0, 1, 1.75, 2]);
  assert.deepEqual([layout.first[0], layout.last[0], layout.width], [0, 2, 3]);
});

test('a tree of 100,000 is drawn with few members at every zoom', () => {
  const shape = readShape(grown(100_000));
  const layout = layOut(shape);
  for (const column of [0.01, 0.04, 0.2, 1, 5, 25, 100]) {
    const row = Math.min(Math.max(column * 1.2, 28), 110);
    const camera = { left: 640 - (layout.width / 2) * column, top: 50, column, row };
    const found = visible(shape, layout, camera, { width: 1280, height: 900 });
    assert.ok(found.nodes.length <= MAX_DRAWN_NODES && found.wedges.length <= MAX_DRAWN_NODES, `at ${column}`);
    assert.ok(found.nodes.length + found.wedges.length > 0, `at ${column}`);
  }
});

test('a chain of 50,000 members is laid out', () => {
  const count = 50_000;
  const parents = Array.from({ length: count }, (_, i) => i - 1);
  const answer = { ids: parents.map(String), parents, sides: 'L'.repeat(count), active: '1'.repeat(count) };
  const shape = readShape(answer);
  assert.equal(shape.depth[count - 1], count - 1);
  assert.equal(pathTo(shape, count - 1).length, count);
  assert.equal(layOut(shape).width, 1);
});
