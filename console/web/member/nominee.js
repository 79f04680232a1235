// `<ev-nominee>`: the person whom the member names to receive what is theirs.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { get, orNull, put, remove } from '../shell/api.js';
import { confirmAction } from '../shell/dialog.js';
import { Resource, show } from '../shell/resource.js';
import { toast } from '../shell/toast.js';
import { today } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import '../shell/form.js';

/** @typedef {NonNullable<Awaited<ReturnType<typeof readNominee>>>} Person */
/** @typedef {import('../shell/form.js').Values} Values */

/**
 * The nominee, or null without one.
 * @param {AbortSignal} signal
 */
const readNominee = (signal) => orNull(get('/api/v1/users/me/nominee', { signal }));

class Nominee extends ViewElement {
  #nominee = new Resource(this, readNominee);

  start() {
    void this.#nominee.load();
  }

  view() {
    return show(this.#nominee, (nominee) => [
      h('p', { class: 'hint' }, t(nominee ? 'nominee.about' : 'nominee.none')),
      custom('ev-form', {
        class: 'form-columns',
        // After a removal the form is a new, empty one.
        key: nominee ? 'change' : 'new',
        '.fields': fields(nominee),
        '.submitLabel': t('action.save'),
        '.send': (/** @type {Values} */ values) => save(values),
        '.done': (/** @type {Person} */ changed) => {
          toast(t('action.saved'));
          this.#nominee.set(changed);
        },
      }),
      nominee
        ? h(
            'footer',
            { class: 'actions' },
            h('button', { type: 'button', class: 'danger', onclick: () => this.#remove(nominee) }, t('nominee.remove')),
          )
        : null,
    ]);
  }

  /** @param {Person} nominee */
  async #remove({ name }) {
    const isRemoved = await confirmAction({
      title: t('nominee.remove'),
      effects: h('p', null, t('nominee.remove_effect', { name })),
      label: t('nominee.remove'),
      isDestructive: true,
      act: (key) => remove('/api/v1/users/me/nominee', { key }).then(() => true),
    });
    if (isRemoved) this.#nominee.set(null);
  }
}

/**
 * @param {Person | null} nominee
 * @returns {import('../shell/form.js').Field[]}
 */
const fields = (nominee) => [
  {
    name: 'name',
    label: t('nominee.name'),
    value: nominee?.name ?? '',
    input: { autocomplete: 'off', maxlength: 100 },
  },
  {
    name: 'relationship',
    label: t('nominee.relationship'),
    hint: t('nominee.relationship_hint'),
    value: nominee?.relationship ?? '',
    input: { autocomplete: 'off', maxlength: 50 },
  },
  {
    name: 'date_of_birth',
    label: t('profile.date_of_birth'),
    type: 'date',
    value: nominee?.date_of_birth ?? '',
    input: { autocomplete: 'off', max: today() },
  },
];

/** @param {Values} values */
const save = ({ name = '', relationship = '', date_of_birth: birth = '' }) =>
  put('/api/v1/users/me/nominee', { name, relationship, date_of_birth: birth });

customElements.define('ev-nominee', Nominee);
