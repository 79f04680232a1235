// The tree under the fingers: dragged by one, zoomed by two, and a member chosen by a tap.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { open, see } from './support/actions.js';
import { assertNoFaults, openBrowser, openPerson } from './support/browser.js';
import { signInDemo } from './support/members.js';
import { until } from './support/platform.js';

const PHONE = { width: 360, height: 740 };
/** How far a point may be from where it was calculated, in pixels. */
const TOLERANCE_PX = 1;

let browser;
let person;
/** Sends touches to the page. */
let devtools;

before(async () => {
  browser = await openBrowser();
  person = await openPerson(browser, { session: await signInDemo('asha'), hasTouch: true, viewport: PHONE });
  devtools = await person.context.newCDPSession(person.page);
  await open(person.page, '/tree');
  await see(person.page, person.page.getByRole('tree'));
  await until('a frame', () => canvas().evaluate((element) => element.frames.length > 0));
});

after(() => browser.close());

const canvas = () => person.page.locator('ev-tree-canvas');
const cameraOf = () => canvas().evaluate((element) => element.camera);

/** The middle of the canvas in the window. */
async function middle() {
  const drawing = canvas().locator('canvas');
  await drawing.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await drawing.boundingBox();
  return { x: x + width / 2, y: y + height / 2 };
}

/** The place of the layout that is drawn at a point of the window. */
async function placeAt({ x, y }) {
  const { left, top, column, row } = await cameraOf();
  const box = await canvas().locator('canvas').boundingBox();
  return { column: (x - box.x - left) / column, row: (y - box.y - top) / row };
}

/** Moves fingers over the screen: each step has a point for each of them. */
async function touch(...steps) {
  const send = (type, points) =>
    devtools.send('Input.dispatchTouchEvent', { type, touchPoints: points.map((point, id) => ({ ...point, id })) });
  await send('touchStart', steps[0]);
  for (const step of steps.slice(1)) await send('touchMove', step);
  await send('touchEnd', []);
}

/** Two fingers beside a point, each this far from it. */
const around = ({ x, y }, distance) => [
  { x: x - distance, y },
  { x: x + distance, y },
];

function assertNear(actual, expected) {
  assert.ok(Math.abs(actual - expected) <= TOLERANCE_PX, `${actual} instead of ${expected}`);
}

test('two fingers zoom around the point between them', async () => {
  const point = await middle();
  for (const [from, to] of [
    [100, 50],
    [40, 80],
  ]) {
    const [camera, place] = [await cameraOf(), await placeAt(point)];
    await touch(around(point, from), around(point, (from + to) / 2), around(point, to));
    const [zoomed, held] = [await cameraOf(), await placeAt(point)];
    assertNear(zoomed.column, (camera.column * to) / from);
    assertNear(held.column * zoomed.column, place.column * zoomed.column);
    assertNear(held.row * zoomed.row, place.row * zoomed.row);
  }
});

test('two fingers that keep their distance move the tree, as one does', async () => {
  const point = await middle();
  const moved = { x: point.x + 30, y: point.y - 20 };
  for (const [start, end] of [
    [around(point, 40), around(moved, 40)],
    [[point], [moved]],
  ]) {
    const camera = await cameraOf();
    await touch(start, end);
    const { left, top, column } = await cameraOf();
    assertNear(left, camera.left + 30);
    assertNear(top, camera.top - 20);
    assert.equal(column, camera.column);
  }
});

test('a tap chooses a member, and the end of a zoom chooses nobody', async () => {
  const details = person.page.locator('ev-tree-details');
  const place = await canvas().evaluate((element) => {
    const { left, top, column, row } = element.camera;
    const box = element.querySelector('canvas').getBoundingClientRect();
    return { x: box.x + element.layout.x[0] * column + left, y: box.y + element.shape.depth[0] * row + top };
  });
  await touch([place, { x: place.x, y: place.y + 60 }], [place, { x: place.x, y: place.y + 60 }]);
  assert.equal(await details.count(), 0);
  await touch([place]);
  await see(person.page, details.getByRole('heading', { name: 'Asha' }));
});

test('no page had a fault', () => assertNoFaults(person));
