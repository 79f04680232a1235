// `<ev-preferred-side>`: the side of the tree that a member would like, until they are placed.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { get, orNull, put } from '../shell/api.js';
import { Resource, show } from '../shell/resource.js';
import { toast } from '../shell/toast.js';
import { t } from '../i18n/i18n.js';
import '../shell/form.js';

/** @typedef {import('../shell/form.js').Values} Values */

class PreferredSide extends ViewElement {
  #node = new Resource(this, (signal) => orNull(get('/api/v1/binary/me', { signal })));
  #side = new Resource(this, (signal) => get('/api/v1/users/me/preferred-side', { signal }));

  start() {
    void this.#node.load();
    void this.#side.load();
  }

  view() {
    return show(this.#node, (node) =>
      node
        ? h('p', null, t('side.placed', { side: t(`side.${node.side}`) }))
        : show(this.#side, (answer) => this.#form(answer.preferred_side ?? '')),
    );
  }

  /** @param {string} side */
  #form(side) {
    return [
      h('p', { class: 'hint' }, t('side.hint')),
      custom('ev-form', {
        '.fields': [
          {
            name: 'side',
            label: t('side.preferred'),
            type: 'select',
            isOptional: true,
            value: side,
            choices: ['', 'left', 'right'].map((value) => ({ value, label: t(`side.${value || 'any'}`) })),
          },
        ],
        '.submitLabel': t('action.save'),
        '.send': (/** @type {Values} */ values) => choose(values['side'] ?? ''),
        '.done': () => toast(t('action.saved')),
      }),
    ];
  }
}

/** @param {string} side */
const choose = (side) =>
  put('/api/v1/users/me/preferred-side', { side: side === 'left' || side === 'right' ? side : null });

customElements.define('ev-preferred-side', PreferredSide);
