// `<ev-notification-preferences>`: the channels of each kind of notification, and when they are used.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { get, put } from '../shell/api.js';
import { problemText } from '../shell/problem.js';
import { Resource, show } from '../shell/resource.js';
import { toast } from '../shell/toast.js';
import { t } from '../i18n/i18n.js';
import './delivery-times.js';
import './push-switch.js';

/** @typedef {Awaited<ReturnType<typeof readPreferences>>} Preferences */
/** @typedef {'email' | 'sms' | 'push'} Channel */

/** @param {AbortSignal} signal */
const readPreferences = (signal) => get('/api/v1/notifications/preferences', { signal });

class NotificationPreferences extends ViewElement {
  #preferences = new Resource(this, readPreferences);

  start() {
    void this.#preferences.load();
  }

  /**
   * @param {string} kind
   * @param {Channel} channel
   * @param {HTMLInputElement} box
   */
  async #set(kind, channel, box) {
    const isOn = box.checked;
    try {
      const changed = { kinds: { [kind]: { [channel]: isOn } } };
      this.#preferences.set(await put('/api/v1/notifications/preferences', changed));
      toast(t('action.saved'));
    } catch (error) {
      box.checked = !isOn;
      toast(problemText(error));
    }
  }

  view() {
    return show(this.#preferences, (preferences) => [
      h('p', { class: 'hint' }, t('preferences.about')),
      this.#table(preferences),
      h('p', { class: 'hint' }, t('preferences.locked')),
      h('h3', null, t('preferences.times')),
      custom('ev-delivery-times', {
        class: 'stack',
        '.times': preferences,
        '.changed': (/** @type {Preferences} */ saved) => this.#preferences.set(saved),
      }),
      preferences.channels.includes('push')
        ? [h('h3', null, t('preferences.push')), custom('ev-push-switch', { class: 'stack' })]
        : null,
    ]);
  }

  /** @param {Preferences} preferences */
  #table({ kinds, channels }) {
    return h(
      'div',
      { class: 'table' },
      h(
        'table',
        { class: 'preferences' },
        h('caption', { class: 'visually-hidden' }, t('preferences.title')),
        h(
          'thead',
          null,
          h(
            'tr',
            null,
            h('th', { scope: 'col' }, t('preferences.kind')),
            channels.map((channel) => h('th', { scope: 'col' }, t(`preferences.channel.${channel}`))),
          ),
        ),
        h(
          'tbody',
          null,
          Object.entries(kinds).map(([kind, offered]) =>
            h(
              'tr',
              { key: kind },
              h('th', { scope: 'row' }, t(`notifications.kind.${kind}`)),
              channels.map((channel) => h('td', null, this.#choice(kind, channel, offered[channel]))),
            ),
          ),
        ),
      ),
    );
  }

  /**
   * @param {string} kind
   * @param {Channel} channel
   * @param {{is_on: boolean, is_locked: boolean} | undefined} offered
   */
  #choice(kind, channel, offered) {
    if (!offered) return '–';
    if (offered.is_locked) return t('preferences.always');
    const name = { kind: t(`notifications.kind.${kind}`), channel: t(`preferences.channel.${channel}`) };
    return h('input', {
      type: 'checkbox',
      checked: offered.is_on,
      'aria-label': t('preferences.cell', name),
      onchange: (/** @type {{target: HTMLInputElement}} */ event) => this.#set(kind, channel, event.target),
    });
  }
}

customElements.define('ev-notification-preferences', NotificationPreferences);
