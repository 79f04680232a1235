// `<ev-push-switch>`: whether this browser shows the member's notifications while no page is open.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { problemText } from '../shell/problem.js';
import { isPushSupported, readPush, turnPushOff, turnPushOn } from '../shell/push.js';
import { Resource, show } from '../shell/resource.js';
import { toast } from '../shell/toast.js';
import { t } from '../i18n/i18n.js';

class PushSwitch extends ViewElement {
  #push = new Resource(this, readPush);
  #isBusy = false;

  start() {
    void this.#push.load();
  }

  /** @param {() => Promise<boolean>} change returns whether the person allows it */
  async #change(change) {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.update();
    try {
      toast(t((await change()) ? 'action.saved' : 'preferences.push_denied'));
    } catch (error) {
      // A browser without a push service refuses in words of its own.
      toast(error instanceof DOMException ? t('preferences.push_unsupported') : problemText(error));
    }
    this.#isBusy = false;
    await this.#push.load();
  }

  view() {
    if (!isPushSupported()) return h('p', { class: 'hint' }, t('preferences.push_unsupported'));
    return show(this.#push, ({ key, isOn }) => [
      h('p', { class: 'hint' }, t(isOn ? 'preferences.push_is_on' : 'preferences.push_about')),
      h(
        'button',
        {
          type: 'button',
          'aria-disabled': this.#isBusy,
          onclick: () => this.#change(isOn ? () => turnPushOff().then(() => true) : () => turnPushOn(key ?? '')),
        },
        t(isOn ? 'preferences.push_off' : 'preferences.push_on'),
      ),
    ]);
  }
}

customElements.define('ev-push-switch', PushSwitch);
