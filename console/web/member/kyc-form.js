// `<ev-kyc-form>`: a KYC application with the member's uploaded documents.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { post } from '../shell/api.js';
import { t } from '../i18n/i18n.js';
import { addressFields, addressOf, bankFields, bankOf } from './field-sets.js';
import '../shell/form.js';

/** @typedef {import('./kyc-page.js').Application} Application */
/** @typedef {import('./kyc-page.js').Document} Document */
/** @typedef {import('../shell/form.js').Values} Values */

/** The most documents that an application takes. */
const MAX_DOCUMENTS = 10;

class KycForm extends ViewElement {
  /** @type {Application | null} A rejected application, whose address is the beginning of the next. */
  previous = null;
  /** @type {readonly Document[]} */
  documents = [];
  /** @type {(application: Application) => void} */
  done = () => undefined;

  /** The documents of the application, newest first, without the rejected ones. */
  get #documents() {
    return this.documents.filter((document) => document.status !== 'rejected').slice(0, MAX_DOCUMENTS);
  }

  view() {
    return custom('ev-form', {
      class: 'form-columns',
      '.fields': [
        {
          name: 'pan',
          label: t('kyc.pan'),
          hint: t('kyc.pan_hint'),
          input: { autocapitalize: 'characters', spellcheck: 'false', autocomplete: 'off', maxlength: 10 },
        },
        {
          name: 'aadhaar_last4',
          label: t('kyc.aadhaar'),
          hint: t('kyc.aadhaar_hint'),
          input: {
            inputmode: 'numeric',
            pattern: '[0-9]{4}',
            maxlength: 4,
            autocomplete: 'off',
            title: t('kyc.aadhaar_hint'),
          },
        },
        ...bankFields('bank.'),
        ...addressFields(this.previous?.address),
      ],
      '.preview': h('p', { class: 'notice' }, t('kyc.with_documents', { count: this.#documents.length })),
      '.submitLabel': t('kyc.submit'),
      '.send': (/** @type {Values} */ values, /** @type {import('../shell/form.js').Sent} */ { key }) =>
        this.#send(values, key),
      '.done': (/** @type {Application} */ application) => this.done(application),
    });
  }

  /**
   * @param {Values} values
   * @param {string} key
   */
  #send(values, key) {
    const body = {
      pan: (values['pan'] ?? '').toUpperCase(),
      aadhaar_last4: values['aadhaar_last4'] ?? '',
      bank: bankOf(values, 'bank.'),
      address: addressOf(values),
      document_ids: this.#documents.map((document) => document.id),
    };
    return post('/api/v1/users/me/kyc', body, { key });
  }
}

customElements.define('ev-kyc-form', KycForm);
