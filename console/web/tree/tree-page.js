// `<ev-tree-page>`: a member's part of the tree, with a search, and the details of the chosen member.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { get, orNull, post } from '../shell/api.js';
import { Resource, show } from '../shell/resource.js';
import { onChange } from '../shell/live.js';
import { navigate } from '../shell/router.js';
import { isStaff, ownId } from '../shell/session.js';
import { t } from '../i18n/i18n.js';
import './tree-canvas.js';
import './tree-details.js';
import './tree-search.js';

/** @typedef {{shape: import('./shape.js').Shape, layout: import('./layout.js').Layout}} Tree */

/** The API takes this many ids at once. */
const MAX_IDS = 200;

class TreePage extends ViewElement {
  query = new URLSearchParams();
  /** Whether this is the office's tree, of the company or of anybody. */
  isOffice = false;
  /** @type {Map<string, string>} */
  #labels = new Map();
  /** @type {Set<string>} Members whose name was asked for. */
  #asked = new Set();
  #chosen = '';
  #tree = new Resource(this, (signal) => this.#read(signal));

  start() {
    // The place of the company has no id.
    if (this.isOffice) this.#labels.set('', t('office.tree.company'));
    void this.#load();
    onChange(['tree'], () => void this.#tree.load(), this.signal);
  }

  get #canvas() {
    return /** @type {import('./tree-canvas.js').TreeCanvas | null} */ (this.querySelector('ev-tree-canvas'));
  }

  /**
   * Reads the shape and has a worker lay it out; null without a place in the tree.
   * @param {AbortSignal} signal
   * @returns {Promise<Tree | null>}
   */
  async #read(signal) {
    const root = this.query.get('root') ?? (this.isOffice ? null : ownId());
    const answer = await orNull(get('/api/v1/binary/tree/shape', { query: { root }, signal }));
    if (!answer) return null;
    const worker = new Worker(new URL('./layout-worker.js', import.meta.url), { type: 'module' });
    try {
      return await new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = reject;
        signal.addEventListener('abort', () => reject(signal.reason));
        worker.postMessage(answer);
      });
    } finally {
      worker.terminate();
    }
  }

  /** @param {string[]} ids */
  async #name(ids) {
    const unknown = ids.filter((id) => id && !this.#asked.has(id)).slice(0, MAX_IDS);
    if (unknown.length === 0) return;
    for (const id of unknown) this.#asked.add(id);
    const answer = await post('/api/v1/binary/names', { ids: unknown }, { signal: this.signal }).catch(() => null);
    if (!answer) {
      // They are asked for again with the next drawing.
      for (const id of unknown) this.#asked.delete(id);
      return;
    }
    for (const { user_id: id, name } of answer.items) this.#labels.set(id, name);
    this.#canvas?.redraw();
    this.#canvas?.update();
  }

  /** @param {string} id */
  #choose(id) {
    this.#chosen = id;
    this.update();
  }

  /** @param {string} id */
  #goTo(id) {
    const position = this.#tree.value?.shape.ids.indexOf(id) ?? -1;
    if (position >= 0) this.#canvas?.focusMember(position);
    // Staff find members of the whole tree.
    else if (isStaff()) navigate(`/office/tree?root=${id}`);
    else this.#choose(id);
  }

  /** Goes to the member that the address names. */
  async #load() {
    await this.#tree.load();
    const member = this.query.get('member');
    if (member) requestAnimationFrame(() => this.#goTo(member));
  }

  #link() {
    if (!this.isOffice) return h('a', { href: '/pairs' }, t('pairs.all'));
    return this.query.get('root') ? h('a', { href: '/office/tree' }, t('office.tree.whole')) : null;
  }

  /** @param {Tree} tree */
  #content(tree) {
    return [
      h(
        'p',
        { class: 'hint' },
        t(this.isOffice ? 'office.tree.count' : 'tree.count', { count: tree.shape.ids.length - 1 }),
        ' ',
        t('tree.how'),
      ),
      custom('ev-tree-canvas', {
        '.tree': tree,
        '.labels': this.#labels,
        '.chosen': (/** @type {string} */ id) => this.#choose(id),
        '.unlabelled': (/** @type {string[]} */ ids) => void this.#name(ids),
      }),
    ];
  }

  #noPlace() {
    if (this.query.get('root')) return h('p', { class: 'empty' }, t('tree.not_placed_here'));
    return h(
      'div',
      { class: 'empty' },
      h('p', null, t(isStaff() ? 'tree.no_place_of_staff' : 'home.not_placed')),
      isStaff()
        ? h('a', { class: 'button', href: '/office/tree' }, t('office.tree.whole'))
        : h('a', { class: 'button primary', href: '/vehicles' }, t('bookings.new')),
    );
  }

  view() {
    return h(
      'div',
      { class: 'page' },
      h(
        'div',
        { class: 'page-head' },
        h('h1', null, t(this.isOffice ? 'office.tree.title' : 'tree.title')),
        this.#link(),
        custom('ev-tree-search', { '.chosen': (/** @type {string} */ id) => this.#goTo(id) }),
      ),
      show(this.#tree, (tree) => (tree ? this.#content(tree) : this.#noPlace())),
      this.#chosen ? custom('ev-tree-details', { key: this.#chosen, '.memberId': this.#chosen }) : null,
    );
  }
}

customElements.define('ev-tree-page', TreePage);
