// `<ev-tree-canvas>`: a tree that can be panned, zoomed and walked by keyboard.
//
// The canvas is hidden from screen readers, which get the focused member with its path, children and sibling as an
// accessible tree instead.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { t } from '../i18n/i18n.js';
import { at } from './shape.js';
import { MIN_LABEL_COLUMN_PX, draw, hit, visible } from './draw.js';
import { accessibleTree, nearMembers } from './accessible-tree.js';
import { inCanvas, listenToPointers } from './gestures.js';

/** @typedef {import('./shape.js').Shape} Shape */
/** @typedef {import('./layout.js').Layout} Layout */

const [MIN_COLUMN_PX, MAX_COLUMN_PX] = [0.005, 140];
const [MIN_ROW_PX, MAX_ROW_PX] = [28, 110];
const ZOOM_STEP = 1.5;

export class TreeCanvas extends ViewElement {
  /** @type {{shape: Shape, layout: Layout} | undefined} */
  #tree;
  /** @type {Map<string, string>} */
  labels = new Map();
  /** @type {(id: string) => void} */
  chosen = () => undefined;
  /** @type {(ids: string[]) => void} Called with the members on screen that have no label yet. */
  unlabelled = () => undefined;
  focused = 0;
  #column = 80;
  #left = 0;
  #top = 60;
  #isDirty = false;
  #isUnfitted = false;
  /** Whether the whole width is shown, as it then is after a change of the size too. */
  #isFitted = false;
  /** @type {import('./draw.js').Visible} */
  #visible = { nodes: [], wedges: [] };
  /** Members drawn in the last frames, and the script time of each in milliseconds; newest last. */
  frames = /** @type {{members: number, time: number}[]} */ ([]);

  /** @param {{shape: Shape, layout: Layout}} tree */
  set tree(tree) {
    const isFirst = this.#tree === undefined;
    this.#tree = tree;
    this.focused = Math.min(this.focused, tree.shape.ids.length - 1);
    if (isFirst) this.#isUnfitted = true;
    this.redraw();
  }

  get shape() {
    return this.#tree?.shape;
  }

  get layout() {
    return this.#tree?.layout;
  }

  start() {
    const resize = new ResizeObserver(() => (this.#isFitted ? this.fit() : this.redraw()));
    resize.observe(this);
    this.signal.addEventListener('abort', () => resize.disconnect());
    const { signal } = this;
    this.addEventListener('wheel', (event) => this.#onWheel(event), { signal, passive: false });
    listenToPointers(
      this,
      {
        pan: (dx, dy) => this.pan(dx, dy),
        zoom: (factor, around) => this.zoom(factor, around),
        tap: (at) => this.#tap(at),
      },
      signal,
    );
    this.addEventListener('keydown', (event) => this.#onKey(event), { signal });
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.redraw(), { signal });
  }

  view() {
    const { shape } = this;
    return [
      h(
        'div',
        { class: 'tree-tools', role: 'group', 'aria-label': t('tree.zoom') },
        h('button', { type: 'button', 'aria-label': t('tree.zoom_in'), onclick: () => this.zoom(ZOOM_STEP) }, '+'),
        h('button', { type: 'button', 'aria-label': t('tree.zoom_out'), onclick: () => this.zoom(1 / ZOOM_STEP) }, '−'),
        h('button', { type: 'button', onclick: () => this.fit() }, t('tree.fit')),
      ),
      h('canvas', { 'aria-hidden': 'true' }),
      shape ? accessibleTree(shape, this.labels, this.focused, (i) => this.focusMember(i)) : null,
    ];
  }

  /** Draws soon, once for several calls. */
  redraw() {
    if (this.#isDirty) return;
    this.#isDirty = true;
    requestAnimationFrame(() => {
      this.#isDirty = false;
      if (this.isConnected) this.#draw();
    });
  }

  /** Shows the whole width of the tree. */
  fit() {
    if (!this.layout) return;
    const column = (this.#box.width - 80) / Math.max(this.layout.width, 1);
    this.#column = clamp(column, MIN_COLUMN_PX, 110);
    this.#left = this.#box.width / 2 - ((this.layout.width - 1) / 2) * this.#column;
    this.#top = 50;
    this.#isFitted = true;
    this.redraw();
  }

  /**
   * Zooms around a point, or around the middle.
   * @param {number} factor
   * @param {{x: number, y: number}} [around]
   */
  zoom(factor, around = { x: this.#box.width / 2, y: this.#box.height / 2 }) {
    const before = this.camera;
    this.#column = clamp(this.#column * factor, MIN_COLUMN_PX, MAX_COLUMN_PX);
    const after = this.camera;
    this.#left = around.x - ((around.x - before.left) / before.column) * after.column;
    this.#top = around.y - ((around.y - before.top) / before.row) * after.row;
    this.#isFitted = false;
    this.redraw();
  }

  /**
   * Moves the tree on the screen.
   * @param {number} dx
   * @param {number} dy
   */
  pan(dx, dy) {
    this.#left += dx;
    this.#top += dy;
    this.#isFitted = false;
    this.redraw();
  }

  /**
   * Moves the focus to a member and shows them.
   * @param {number} i
   */
  focusMember(i) {
    const { shape, layout } = this;
    if (!shape || !layout || i < 0) return;
    this.focused = i;
    this.#isFitted = false;
    this.#column = Math.max(this.#column, MIN_LABEL_COLUMN_PX);
    const { row } = this.camera;
    this.#left = this.#box.width / 2 - at(layout.x, i) * this.#column;
    this.#top = Math.min(50, this.#box.height / 2 - at(shape.depth, i) * row);
    this.chosen(shape.ids[i] ?? '');
    this.update();
    this.redraw();
  }

  /**
   * Where the canvas is on the screen.
   * @returns {DOMRect}
   */
  get #box() {
    return (this.querySelector('canvas') ?? this).getBoundingClientRect();
  }

  /** How the layout is drawn now: its position, and the size of a column and of a row. */
  get camera() {
    const row = clamp(this.#column * 1.2, MIN_ROW_PX, MAX_ROW_PX);
    return { left: this.#left, top: this.#top, column: this.#column, row };
  }

  #draw() {
    const { shape, layout } = this;
    const canvas = this.querySelector('canvas');
    const context = canvas?.getContext('2d');
    if (!shape || !layout || !canvas || !context) return;
    if (this.#isUnfitted) {
      this.#isUnfitted = false;
      this.fit();
    }
    const started = performance.now();
    const scale = devicePixelRatio || 1;
    const { width, height } = this.#box;
    if (canvas.width !== width * scale || canvas.height !== height * scale) {
      [canvas.width, canvas.height] = [width * scale, height * scale];
    }
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    this.#visible = visible(shape, layout, this.camera, { width, height });
    const style = getComputedStyle(this);
    const colour = (/** @type {string} */ name) => style.getPropertyValue(`--tree-${name}`);
    const colours = Object.fromEntries(
      ['line', 'wedge', 'active', 'inactive', 'focus', 'surface', 'text'].map((name) => [name, colour(name)]),
    );
    const font = `13px ${style.fontFamily}`;
    const { focused, labels } = this;
    draw(context, shape, layout, this.camera, this.#visible, { focused, labels, colours, font });
    const frame = { members: this.#visible.nodes.length, time: performance.now() - started };
    this.frames = [...this.frames.slice(-299), frame];
    this.#askForLabels(shape);
  }

  /** @param {Shape} shape */
  #askForLabels(shape) {
    const near = nearMembers(shape, this.focused).flat();
    const shown = this.#column < MIN_LABEL_COLUMN_PX ? near : [...near, ...this.#visible.nodes];
    const missing = shown.map((i) => shape.ids[i] ?? '').filter((id) => !this.labels.has(id));
    if (missing.length > 0) this.unlabelled(missing);
  }

  /** @param {WheelEvent} event */
  #onWheel(event) {
    event.preventDefault();
    this.zoom(Math.exp(-event.deltaY / 400), inCanvas(this, { x: event.clientX, y: event.clientY }));
  }

  /** @param {{x: number, y: number}} at */
  #tap({ x, y }) {
    const { shape, layout } = this;
    if (!shape || !layout) return;
    const found = hit(shape, layout, this.camera, this.#visible, x, y);
    if (found >= 0) this.focusMember(found);
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const { shape } = this;
    if (!shape || !(event.target instanceof Element) || !event.target.closest('[role="tree"]')) return;
    const parent = at(shape.parent, this.focused);
    const sibling = (/** @type {'left' | 'right'} */ side) => (parent < 0 ? -1 : at(shape[side], parent));
    const own = (/** @type {'left' | 'right'} */ side) => at(shape[side], this.focused);
    const target = new Map([
      ['ArrowUp', parent],
      ['ArrowDown', own('left') >= 0 ? own('left') : own('right')],
      ['ArrowLeft', sibling('left')],
      ['ArrowRight', sibling('right')],
      ['Home', 0],
    ]).get(event.key);
    if (target === undefined) return;
    event.preventDefault();
    if (target >= 0) this.focusMember(target);
    requestAnimationFrame(() =>
      /** @type {HTMLElement | null} */ (this.querySelector('[aria-selected="true"]'))?.focus(),
    );
  }
}

/**
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

customElements.define('ev-tree-canvas', TreeCanvas);
