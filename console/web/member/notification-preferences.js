// `<ev-notification-preferences>`: the kinds of notifications that the member gets.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { get, put } from '../shell/api.js';
import { problemText } from '../shell/problem.js';
import { Resource, show } from '../shell/resource.js';
import { toast } from '../shell/toast.js';
import { t } from '../i18n/i18n.js';

/** @typedef {Awaited<ReturnType<typeof readPreferences>>['kinds']} Kinds */

/** @param {AbortSignal} signal */
const readPreferences = (signal) => get('/api/v1/notifications/preferences', { signal });

class NotificationPreferences extends ViewElement {
  #preferences = new Resource(this, readPreferences);

  start() {
    void this.#preferences.load();
  }

  /**
   * @param {string} kind
   * @param {HTMLInputElement} box
   */
  async #set(kind, box) {
    const isWanted = box.checked;
    try {
      this.#preferences.set(await put('/api/v1/notifications/preferences', { kinds: { [kind]: isWanted } }));
      toast(t('action.saved'));
    } catch (error) {
      box.checked = !isWanted;
      toast(problemText(error));
    }
  }

  view() {
    return show(this.#preferences, ({ kinds }) => [
      h('p', { class: 'hint' }, t('preferences.about')),
      h(
        'fieldset',
        { class: 'choices' },
        h('legend', { class: 'visually-hidden' }, t('preferences.title')),
        Object.entries(kinds).map(([kind, isWanted]) => this.#choice(kind, isWanted)),
      ),
    ]);
  }

  /**
   * @param {string} kind
   * @param {boolean} isWanted
   */
  #choice(kind, isWanted) {
    return h(
      'label',
      { class: 'choice', key: kind },
      h('input', {
        type: 'checkbox',
        checked: isWanted,
        onchange: (/** @type {{target: HTMLInputElement}} */ event) => this.#set(kind, event.target),
      }),
      t(`notifications.kind.${kind}`),
    );
  }
}

customElements.define('ev-notification-preferences', NotificationPreferences);
