// `<ev-placements-page>`: placement of a member by hand, and the members who wait for a place.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { pageList } from '../shell/page-list.js';
import { get, orNull, post } from '../shell/api.js';
import { confirmAction } from '../shell/dialog.js';
import { card, effectList } from '../shell/parts.js';
import { Preview, showPreview } from '../shell/preview.js';
import { Problem } from '../shell/problem.js';
import { Resource, show } from '../shell/resource.js';
import { navigate } from '../shell/router.js';
import { toast } from '../shell/toast.js';
import { number } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { userColumns } from './columns.js';
import { pageHead } from './list-page.js';
import { personField } from './person-picker.js';
import '../shell/form.js';

/** @typedef {import('../shell/form.js').Values} Values */
/** @typedef {import('../shell/form.js').Sent} Sent */
/** @typedef {'left' | 'right'} Side */
/** @typedef {{userId: string, parentId: string, side: Side}} Request */
/** @typedef {Awaited<ReturnType<typeof readPlace>>} Place */

/**
 * Who has the place already, where it is, and whether the member has another one.
 * @param {Request} request
 * @param {AbortSignal} [signal]
 */
async function readPlace({ userId, parentId, side }, signal) {
  const nodeOf = (/** @type {string} */ id) =>
    id ? orNull(get('/api/v1/binary/nodes/{user_id}', { params: { user_id: id }, signal })) : null;
  const [own, parent, below] = await Promise.all([
    nodeOf(userId),
    nodeOf(parentId),
    orNull(get('/api/v1/binary/tree', { query: { root: parentId, depth: 1 }, signal })),
  ]);
  return {
    side,
    isPlaced: own !== null,
    isParentPlaced: !parentId || parent !== null,
    parent: parent?.name ?? t('office.tree.company'),
    level: (parent?.depth ?? 0) + 1,
    taken: below?.[side]?.name ?? null,
  };
}

/**
 * The code with which the API would refuse the placement; null when it is possible.
 * @param {Place} place
 */
function refusalOf({ isPlaced, isParentPlaced, taken }) {
  if (isPlaced) return 'binary.already_placed';
  if (!isParentPlaced) return 'binary.parent_not_placed';
  return taken === null ? null : 'binary.slot_taken';
}

/** @param {import('../shell/page-list.js').PageRequest} page */
const readWaiting = async ({ signal, ...page }) =>
  /** @type {import('../shell/list.js').ListPage<import('./columns.js').User>} */ (
    await get('/api/v1/users', { query: { placed: false, role: 'user', ...page }, signal })
  );

class PlacementsPage extends ViewElement {
  query = new URLSearchParams();
  /** The member that the address names. */
  #first = new Resource(this, (signal) => this.#readFirst(signal));
  #place = new Preview(this, readPlace);
  #name = '';

  start() {
    void this.#first.load();
  }

  /** @param {AbortSignal} signal */
  async #readFirst(signal) {
    const id = this.query.get('member');
    const person = id ? await orNull(get('/api/v1/users/{id}', { params: { id }, signal })) : null;
    this.#name = person?.name ?? '';
    return person;
  }

  view() {
    return h(
      'div',
      { class: 'page' },
      pageHead(t('office.placements.title')),
      card(
        t('office.placements.place'),
        h('p', { class: 'hint' }, t('office.placements.about')),
        show(this.#first, (first) => this.#form(first)),
      ),
      h('h2', null, t('office.placements.waiting')),
      pageList({
        caption: t('office.placements.waiting'),
        empty: t('office.placements.nobody_waits'),
        columns: userColumns(),
        rowKey: (user) => user.id,
        link: (user) => `/office/people/${user.id}?tab=tree`,
        read: readWaiting,
      }),
    );
  }

  /** @param {{id: string, name: string} | null} first */
  #form(first) {
    return custom('ev-form', {
      class: 'form-columns',
      '.fields': [
        personField({
          name: 'user_id',
          label: t('office.placements.member'),
          first: first ?? undefined,
          changed: (person) => (this.#name = person?.name ?? ''),
        }),
        personField({
          name: 'parent_user_id',
          label: t('office.placements.parent'),
          hint: t('office.placements.parent_hint'),
          isOptional: true,
        }),
        {
          name: 'side',
          label: t('office.tree.side'),
          type: 'select',
          choices: ['left', 'right'].map((value) => ({ value, label: t(`side.${value}`) })),
        },
      ],
      '.preview': showPreview(this.#place, (place) => {
        const refusal = refusalOf(place);
        if (!refusal) return effectList(this.#effects(place));
        return h('p', { class: 'notice warn' }, t(`problem.${refusal}`), ' ', this.#neighbour(place));
      }),
      '.submitLabel': t('office.next'),
      '.changed': (/** @type {Values} */ values) => {
        const request = requestOf(values);
        void this.#place.change(request.userId ? request : null);
      },
      '.send': (/** @type {Values} */ values, /** @type {Sent} */ sent) => this.#send(requestOf(values), sent),
      '.done': (/** @type {{user_id: string} | undefined} */ node) => node && finish(node.user_id),
    });
  }

  /** @param {Place} place */
  #effects({ parent, side, level }) {
    const names = { name: this.#name, parent, side: t(`side.${side}`), level: number(level) };
    return [
      t('office.placements.effect', names),
      t('office.placements.pairs_effect'),
      t('office.placements.final_effect'),
    ];
  }

  /**
   * Who has the place.
   * @param {Place} place
   */
  #neighbour({ isPlaced, taken, parent, side }) {
    if (isPlaced || taken === null) return null;
    return t('office.placements.taken', { name: taken || t('tree.unnamed'), parent, side: t(`side.${side}`) });
  }

  /**
   * Asks with the place as it is now.
   * @param {Request} request
   * @param {Sent} sent
   */
  async #send(request, sent) {
    const place = await readPlace(request);
    const refusal = refusalOf(place);
    if (refusal) throw new Problem({ status: 409, code: refusal });
    return confirmAction({
      title: t('office.placements.place'),
      effects: effectList(this.#effects(place)),
      label: t('office.placements.place'),
      isDestructive: true,
      ...sent,
      act: (key) =>
        post(
          '/api/v1/binary/placements',
          { user_id: request.userId, parent_user_id: request.parentId || null, side: request.side },
          { key },
        ),
    });
  }
}

/**
 * @param {Values} values
 * @returns {Request}
 */
const requestOf = ({ user_id: userId = '', parent_user_id: parentId = '', side }) => ({
  userId,
  parentId,
  side: side === 'right' ? 'right' : 'left',
});

/** @param {string} userId */
function finish(userId) {
  toast(t('office.placements.done'));
  navigate(`/office/people/${userId}?tab=tree`);
}

customElements.define('ev-placements-page', PlacementsPage);
