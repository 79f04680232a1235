// Gestures of pointers on a canvas: one pointer drags or taps, two zoom.

/** @typedef {{x: number, y: number}} Point */
/**
 * What the gestures do; points are in the canvas.
 * @typedef {{
 *   pan: (dx: number, dy: number) => void,
 *   zoom: (factor: number, around: Point) => void,
 *   tap: (at: Point) => void,
 * }} Actions
 */

/** A pointer that moves less than this was meant to tap. */
const TAP_PX = 4;

/**
 * Listens to the pointers that go down on the canvas of `host`, until `signal` is aborted.
 * @param {HTMLElement} host
 * @param {Actions} actions
 * @param {AbortSignal} signal
 */
export function listenToPointers(host, actions, signal) {
  /** @type {Map<number, Point>} Where the pointers that are down were last. */
  const down = new Map();
  let isTap = false;

  host.addEventListener(
    'pointerdown',
    ({ target, pointerId, clientX, clientY }) => {
      if (!(target instanceof HTMLCanvasElement)) return;
      isTap = down.size === 0;
      down.set(pointerId, { x: clientX, y: clientY });
      target.setPointerCapture(pointerId);
    },
    { signal },
  );

  host.addEventListener(
    'pointermove',
    ({ pointerId, clientX, clientY }) => {
      const last = down.get(pointerId);
      if (!last) return;
      const next = { x: clientX, y: clientY };
      if (isTap && Math.abs(next.x - last.x) + Math.abs(next.y - last.y) <= TAP_PX) return;
      isTap = false;
      const other = [...down].find(([id]) => id !== pointerId)?.[1];
      down.set(pointerId, next);
      if (other) pinch(other, last, next);
      else actions.pan(next.x - last.x, next.y - last.y);
    },
    { signal },
  );

  /**
   * Keeps what is under the two pointers under them, as far as one factor can.
   * @param {Point} still
   * @param {Point} last
   * @param {Point} next
   */
  function pinch(still, last, next) {
    const [before, middle] = [middleOf(still, last), middleOf(still, next)];
    actions.pan(middle.x - before.x, middle.y - before.y);
    actions.zoom(distance(still, next) / Math.max(distance(still, last), 1), inCanvas(host, middle));
  }

  const end = (/** @type {PointerEvent} */ { type, pointerId, clientX, clientY }) => {
    if (!down.delete(pointerId)) return;
    if (isTap && type === 'pointerup') actions.tap(inCanvas(host, { x: clientX, y: clientY }));
    isTap = false;
  };
  for (const type of /** @type {const} */ (['pointerup', 'pointercancel']))
    host.addEventListener(type, end, { signal });
}

/**
 * A point of the window as one of the canvas.
 * @param {HTMLElement} host
 * @param {Point} point
 */
export function inCanvas(host, { x, y }) {
  const { left, top } = (host.querySelector('canvas') ?? host).getBoundingClientRect();
  return { x: x - left, y: y - top };
}

/**
 * @param {Point} a
 * @param {Point} b
 */
const distance = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);

/**
 * @param {Point} a
 * @param {Point} b
 */
const middleOf = (a, b) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
