// `<ev-delivery-times>`: quiet hours, and the time of the daily digest.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { put } from '../shell/api.js';
import { problemText } from '../shell/problem.js';
import { toast } from '../shell/toast.js';
import { t } from '../i18n/i18n.js';

/** @typedef {{quiet_hours?: {from: string, until: string} | null, digest_at?: string | null}} Times */

/** What a person who turns a setting on begins with. */
const NIGHT = { from: '22:00', until: '07:00' };
const EVENING = '18:00';

class DeliveryTimes extends ViewElement {
  /** @type {Times} */
  times = {};
  /** @type {(saved: any) => void} */
  changed = () => undefined;

  /** @param {Partial<Times>} change */
  async #save(change) {
    const { quiet_hours: quietHours = null, digest_at: digestAt = null } = { ...this.times, ...change };
    try {
      const times = { quiet_hours: quietHours, digest_at: digestAt };
      const saved = await put('/api/v1/notifications/preferences/times', times);
      this.times = saved;
      this.changed(saved);
      toast(t('action.saved'));
    } catch (error) {
      toast(problemText(error));
    }
    this.update();
  }

  view() {
    const { quiet_hours: quiet, digest_at: digest } = this.times;
    return [
      this.#switch('preferences.quiet', Boolean(quiet), (isOn) => this.#save({ quiet_hours: isOn ? NIGHT : null })),
      quiet
        ? h(
            'div',
            { class: 'row' },
            this.#time('preferences.quiet_from', quiet.from, (from) => this.#save({ quiet_hours: { ...quiet, from } })),
            this.#time('preferences.quiet_until', quiet.until, (until) =>
              this.#save({ quiet_hours: { ...quiet, until } }),
            ),
          )
        : null,
      this.#switch('preferences.digest', Boolean(digest), (isOn) => this.#save({ digest_at: isOn ? EVENING : null })),
      digest
        ? h(
            'div',
            { class: 'row' },
            this.#time('preferences.digest_at', digest, (time) => this.#save({ digest_at: time })),
          )
        : null,
    ];
  }

  /**
   * @param {string} label
   * @param {boolean} isOn
   * @param {(isOn: boolean) => Promise<void>} set
   */
  #switch(label, isOn, set) {
    return h(
      'label',
      { class: 'choice', key: label },
      h('input', {
        type: 'checkbox',
        checked: isOn,
        onchange: (/** @type {{target: HTMLInputElement}} */ { target }) => set(target.checked),
      }),
      t(label),
    );
  }

  /**
   * @param {string} label
   * @param {string} value
   * @param {(value: string) => Promise<void>} set
   */
  #time(label, value, set) {
    return h(
      'div',
      { class: 'field', key: label },
      h('label', { for: label }, t(label)),
      h('input', {
        id: label,
        type: 'time',
        required: true,
        value,
        // An empty time is one that is being typed.
        onchange: (/** @type {{target: HTMLInputElement}} */ { target }) => (target.value ? set(target.value) : null),
      }),
    );
  }
}

customElements.define('ev-delivery-times', DeliveryTimes);
