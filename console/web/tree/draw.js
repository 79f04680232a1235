// Drawing of a tree on a canvas: what is visible, in as much detail as its size allows.
//
// A subtree that is too small to tell its members apart is one wedge. The members drawn are limited: the upper levels
// come first, so the limit is reached with the least detail lost.

import { at } from './shape.js';

/** @typedef {import('./shape.js').Shape} Shape */
/** @typedef {import('./layout.js').Layout} Layout */
/** A point of the layout is drawn at `x * column + left`, `depth * row + top`. @typedef {{left: number, top: number, column: number, row: number}} Camera */
/** @typedef {{nodes: number[], wedges: number[]}} Visible */

export const MAX_DRAWN_NODES = 600;
const MIN_SUBTREE_PX = 6;
/** Columns must be this wide for names. */
export const MIN_LABEL_COLUMN_PX = 60;

/**
 * The members to draw one by one, in order of their depth, and those whose subtree is one wedge.
 * @param {Shape} shape
 * @param {Layout} layout
 * @param {Camera} camera
 * @param {{width: number, height: number}} view
 * @returns {Visible}
 */
export function visible(shape, layout, camera, view) {
  /** @type {Visible} */
  const found = { nodes: [], wedges: [] };
  const queue = shape.ids.length > 0 ? [0] : [];
  for (let head = 0; head < queue.length; head += 1) {
    const i = at(queue, head);
    const left = at(layout.first, i) * camera.column + camera.left;
    const right = at(layout.last, i) * camera.column + camera.left;
    const top = at(shape.depth, i) * camera.row + camera.top;
    const isOutside = right < -camera.column || left > view.width + camera.column || top > view.height + camera.row;
    if (isOutside) continue;
    const isNarrow = at(shape.size, i) > 1 && right - left < MIN_SUBTREE_PX;
    const isChain = at(shape.size, i) === at(layout.bottom, i) - at(shape.depth, i) + 1;
    if ((isNarrow && !isChain) || found.nodes.length >= MAX_DRAWN_NODES) {
      if (found.wedges.length < MAX_DRAWN_NODES) found.wedges.push(i);
      continue;
    }
    found.nodes.push(i);
    for (const child of [at(shape.left, i), at(shape.right, i)]) if (child >= 0) queue.push(child);
  }
  return found;
}

/**
 * Draws what is visible. `labels` has the names that are known.
 * @param {CanvasRenderingContext2D} canvas
 * @param {Shape} shape
 * @param {Layout} layout
 * @param {Camera} camera
 * @param {Visible} found
 * @param {{focused: number, labels: Map<string, string>, colours: Record<string, string>, font: string}} style
 */
export function draw(canvas, shape, layout, camera, found, style) {
  const px = (/** @type {number} */ i) => at(layout.x, i) * camera.column + camera.left;
  const py = (/** @type {number} */ i) => at(shape.depth, i) * camera.row + camera.top;
  canvas.lineWidth = 1.5;
  canvas.strokeStyle = style.colours['line'] ?? '';
  canvas.beginPath();
  for (const i of [...found.nodes, ...found.wedges]) {
    const parent = at(shape.parent, i);
    if (parent < 0) continue;
    const middle = (py(parent) + py(i)) / 2;
    canvas.moveTo(px(parent), py(parent));
    canvas.bezierCurveTo(px(parent), middle, px(i), middle, px(i), py(i));
  }
  canvas.stroke();
  canvas.fillStyle = style.colours['wedge'] ?? '';
  for (const i of found.wedges) {
    const bottom = at(layout.bottom, i) * camera.row + camera.top;
    canvas.beginPath();
    canvas.moveTo(px(i), py(i) - 2);
    canvas.lineTo(at(layout.first, i) * camera.column + camera.left - 1, bottom);
    canvas.lineTo(at(layout.last, i) * camera.column + camera.left + 1, bottom);
    canvas.fill();
  }
  const radius = Math.max(2, Math.min(14, camera.column * 0.3, camera.row * 0.25));
  for (const i of found.nodes) {
    canvas.beginPath();
    canvas.arc(px(i), py(i), i === style.focused ? radius + 3 : radius, 0, 2 * Math.PI);
    canvas.fillStyle = style.colours[shape.isActive[i] ? 'active' : 'inactive'] ?? '';
    canvas.fill();
    canvas.strokeStyle = style.colours[i === style.focused ? 'focus' : 'active'] ?? '';
    canvas.lineWidth = i === style.focused ? 3 : 1.5;
    canvas.stroke();
  }
  if (camera.column < MIN_LABEL_COLUMN_PX) return;
  canvas.font = style.font;
  canvas.textAlign = 'center';
  canvas.lineWidth = 4;
  canvas.strokeStyle = style.colours['surface'] ?? '';
  canvas.fillStyle = style.colours['text'] ?? '';
  for (const i of found.nodes) {
    const label = shortened(canvas, style.labels.get(shape.ids[i] ?? '') ?? '', camera.column * 0.95);
    // The outline keeps the text readable over lines.
    canvas.strokeText(label, px(i), py(i) + radius + 15);
    canvas.fillText(label, px(i), py(i) + radius + 15);
  }
}

/**
 * @param {CanvasRenderingContext2D} canvas
 * @param {string} text
 * @param {number} width
 */
function shortened(canvas, text, width) {
  if (canvas.measureText(text).width <= width) return text;
  const letters = [...text];
  while (letters.length > 1 && canvas.measureText(`${letters.join('')}…`).width > width) letters.pop();
  return `${letters.join('')}…`;
}

/**
 * The member drawn at a point, or -1.
 * @param {Shape} shape
 * @param {Layout} layout
 * @param {Camera} camera
 * @param {Visible} found
 * @param {number} x
 * @param {number} y
 */
export function hit(shape, layout, camera, found, x, y) {
  const reach = Math.max(14, Math.min(24, camera.column * 0.5));
  let [best, nearest] = [-1, reach ** 2];
  for (const i of found.nodes) {
    const [dx, dy] = [
      at(layout.x, i) * camera.column + camera.left - x,
      at(shape.depth, i) * camera.row + camera.top - y,
    ];
    const distance = dx * dx + dy * dy;
    if (distance < nearest) [best, nearest] = [i, distance];
  }
  return best;
}
