// `<ev-identifiers>`: the member's e-mail address and mobile number, each changed by a code that is sent to the new one.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { get, post } from '../shell/api.js';
import { codeField, codeOf } from '../shell/code-field.js';
import { pairs } from '../shell/parts.js';
import { Resource, show } from '../shell/resource.js';
import { toast } from '../shell/toast.js';
import { t } from '../i18n/i18n.js';
import '../shell/form.js';

/** @typedef {import('../shell/form.js').Values} Values */
/** @typedef {{identifier: string, requestId: string}} Sent */

class Identifiers extends ViewElement {
  #profile = new Resource(this, (signal) => get('/api/v1/users/me', { signal }));
  /** @type {Sent | null} */
  #sent = null;

  start() {
    void this.#profile.load();
  }

  view() {
    return [
      show(this.#profile, ({ email, mobile }) =>
        pairs([
          [t('identifiers.email'), email ?? t('identifiers.none')],
          [t('identifiers.mobile'), mobile ?? t('identifiers.none')],
        ]),
      ),
      this.#sent ? this.#codeForm(this.#sent) : this.#newForm(),
    ];
  }

  #newForm() {
    return custom('ev-form', {
      key: 'new',
      '.fields': [
        {
          name: 'identifier',
          label: t('identifiers.new'),
          hint: t('identifiers.hint'),
          input: { autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false', maxlength: 254, required: true },
        },
      ],
      '.submitLabel': t('sign_in.send_code'),
      '.send': (/** @type {Values} */ values) => this.#send(values['identifier'] ?? ''),
    });
  }

  /** @param {string} identifier */
  async #send(identifier) {
    const { request_id: requestId } = await post('/api/v1/users/me/identifiers', { identifier });
    this.#sent = { identifier, requestId };
    this.update();
  }

  /** @param {Sent} sent */
  #codeForm({ identifier, requestId }) {
    return [
      h('p', null, t('step_up.sent', { identifier })),
      custom('ev-form', {
        key: 'code',
        '.fields': [codeField({ required: true })],
        '.submitLabel': t('identifiers.change'),
        '.send': (/** @type {Values} */ values) =>
          post('/api/v1/users/me/identifiers/verify', { identifier, code: codeOf(values), request_id: requestId }),
        '.done': () => this.#finish(),
      }),
    ];
  }

  #finish() {
    this.#sent = null;
    toast(t('identifiers.changed'));
    void this.#profile.load();
  }
}

customElements.define('ev-identifiers', Identifiers);
