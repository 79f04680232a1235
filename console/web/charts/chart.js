// `<ev-chart>`: lines or bars over periods, drawn as SVG, with the same figures in a table below.

import { ViewElement } from '../shell/view-element.js';
import { h, svg } from '../shell/view.js';
import { t } from '../i18n/i18n.js';
import { linear, marks } from './scale.js';

/**
 * `values` has one number for each label, in the unit of the axis; `texts` are the same figures for people.
 * @typedef {{label: string, values: number[], texts: string[], isEarlier?: boolean}} Series
 */

const HEIGHT = 260;
const PLOT = { left: 64, right: 12, top: 12, bottom: 28 };
/** Width of a character of a label, about. */
const CHARACTER_WIDTH = 7;
const LABEL_GAP = 16;

class Chart extends ViewElement {
  caption = '';
  kind = /** @type {'line' | 'bar'} */ ('line');
  /** @type {string[]} */
  labels = [];
  /** @type {Series[]} */
  series = [];
  /** @type {(value: number) => string} */
  axis = String;
  /** The width of the drawing in pixels, so that its texts have the size of other small texts. */
  #width = 640;

  start() {
    const observer = new ResizeObserver(() => {
      const width = Math.round(this.querySelector('figure')?.clientWidth ?? 0);
      if (width === 0 || width === this.#width) return;
      this.#width = width;
      this.update();
    });
    observer.observe(this);
    this.signal.addEventListener('abort', () => observer.disconnect());
  }

  view() {
    if (this.labels.length === 0) return h('p', { class: 'hint' }, t('chart.empty'));
    return h(
      'figure',
      { class: 'chart' },
      h('figcaption', null, h('strong', null, this.caption), this.series.length > 1 ? this.#legend() : null),
      this.#drawing(),
      h('details', null, h('summary', null, t('chart.table')), h('div', { class: 'table' }, this.#table())),
    );
  }

  #legend() {
    const entries = this.series.map((series, i) =>
      h('li', { class: `series-${i + 1}`, 'data-earlier': Boolean(series.isEarlier) }, series.label),
    );
    return h('ul', { class: 'legend' }, entries);
  }

  #drawing() {
    const all = this.series.flatMap((series) => series.values);
    const lines = marks(all, 4);
    const [low = 0, high = 1] = [lines[0], lines.at(-1)];
    const y = linear([low, high], [HEIGHT - PLOT.bottom, PLOT.top]);
    const plotWidth = this.#width - PLOT.left - PLOT.right;
    const width = plotWidth / this.labels.length;
    const x = (/** @type {number} */ i) => PLOT.left + (i + 0.5) * width;
    const longest = Math.max(...this.labels.map((label) => label.length)) * CHARACTER_WIDTH + LABEL_GAP;
    const every = Math.ceil(longest / width);
    return svg(
      'svg',
      {
        viewBox: `0 0 ${this.#width} ${HEIGHT}`,
        role: 'img',
        'aria-label': `${this.caption}. ${t('chart.see_table')}`,
      },
      lines.map((value) => [
        svg('line', { class: 'grid', x1: PLOT.left, x2: this.#width - PLOT.right, y1: y(value), y2: y(value) }),
        svg('text', { x: PLOT.left - 8, y: y(value) + 4, 'text-anchor': 'end' }, this.axis(value)),
      ]),
      this.labels.map((label, i) =>
        i % every === 0 ? svg('text', { x: x(i), y: HEIGHT - 8, 'text-anchor': 'middle' }, label) : null,
      ),
      this.series.map((series, s) =>
        this.kind === 'bar' ? this.#bars(series, s, x, y, width) : line(series, s, x, y),
      ),
    );
  }

  /**
   * @param {Series} series
   * @param {number} s
   * @param {(i: number) => number} x
   * @param {(value: number) => number} y
   * @param {number} width
   */
  #bars(series, s, x, y, width) {
    const bar = (width * 0.8) / this.series.length;
    return svg(
      'g',
      { class: `series-${s + 1}`, 'data-earlier': Boolean(series.isEarlier) },
      series.values.map((value, i) =>
        svg(
          'rect',
          {
            x: x(i) - width * 0.4 + s * bar,
            y: Math.min(y(value), y(0)),
            width: Math.max(bar - 1, 1),
            height: Math.abs(y(value) - y(0)),
            rx: 2,
          },
          svg('title', null, `${this.labels[i]}: ${series.texts[i]}`),
        ),
      ),
    );
  }

  #table() {
    return h(
      'table',
      null,
      h('caption', { class: 'visually-hidden' }, this.caption),
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          h('th', { scope: 'col' }, t('chart.period')),
          this.series.map((series) => h('th', { scope: 'col', class: 'end' }, series.label)),
        ),
      ),
      h(
        'tbody',
        null,
        this.labels.map((label, i) =>
          h(
            'tr',
            null,
            h('th', { scope: 'row' }, label),
            this.series.map((series) => h('td', { class: 'end' }, series.texts[i])),
          ),
        ),
      ),
    );
  }
}

/**
 * @param {Series} series
 * @param {number} s
 * @param {(i: number) => number} x
 * @param {(value: number) => number} y
 */
function line(series, s, x, y) {
  const points = series.values.map((value, i) => `${x(i)},${y(value)}`).join(' ');
  return svg(
    'g',
    { class: `series-${s + 1}`, 'data-earlier': Boolean(series.isEarlier) },
    svg('polyline', { points }),
    series.values.map((value, i) =>
      svg('circle', { cx: x(i), cy: y(value), r: 3 }, svg('title', null, series.texts[i])),
    ),
  );
}

customElements.define('ev-chart', Chart);
