// `<ev-delivery-document>`: a file that proves a delivery. It is uploaded for the member when it is chosen; the form gets
// its id.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { isAbort, upload } from '../shell/api.js';
import { fileField } from '../shell/file-field.js';
import { t } from '../i18n/i18n.js';
import { ACCEPT, checkFile } from '../member/document-file.js';

class DeliveryDocument extends ViewElement {
  userId = '';
  /** @type {Record<string, unknown>} The attributes that the form gives its control. */
  control = {};
  /** @type {File | undefined} */
  #file;
  #documentId = '';
  /** @type {string | null} */
  #refusal = null;
  /** @type {unknown} */
  #error;
  /** @type {number | null} The sent part while the file is uploaded. */
  #sent = null;
  #upload = new AbortController();

  start() {
    this.signal.addEventListener('abort', () => this.#upload.abort());
  }

  /** @param {HTMLInputElement} input */
  async #choose(input) {
    this.#upload.abort();
    this.#upload = new AbortController();
    const { signal } = this.#upload;
    const file = input.files?.[0];
    [this.#file, this.#documentId, this.#refusal, this.#error, this.#sent] = [file, '', null, undefined, null];
    if (!file) return this.update();
    const checked = await checkFile(file);
    if (signal.aborted) return undefined;
    if ('refusal' in checked) {
      [this.#refusal, this.#file] = [checked.refusal, undefined];
      return this.update();
    }
    // The form is not sent without the document that was chosen.
    input.setCustomValidity(t('documents.progress'));
    this.#sent = 0;
    this.update();
    try {
      this.#documentId = (await this.#send(file, signal)).id;
    } catch (error) {
      if (isAbort(error)) return undefined;
      [this.#error, this.#file] = [error, undefined];
      input.value = '';
    }
    this.#sent = null;
    input.setCustomValidity('');
    this.update();
    return this.dispatchEvent(new Event('input', { bubbles: true }));
  }

  /**
   * @param {File} file
   * @param {AbortSignal} signal
   */
  #send(file, signal) {
    const form = new FormData();
    form.append('kind', 'delivery_note');
    form.append('user_id', this.userId);
    form.append('file', file);
    const progress = (/** @type {number} */ part) => {
      this.#sent = part;
      this.update();
    };
    return upload('/api/v1/compliance/documents', form, progress, { key: crypto.randomUUID(), signal });
  }

  view() {
    const { name, ...attributes } = this.control;
    return [
      fileField(this.#file?.name, {
        ...attributes,
        accept: ACCEPT,
        onchange: (/** @type {{target: HTMLInputElement}} */ event) => this.#choose(event.target),
      }),
      h('input', { type: 'hidden', name, value: this.#documentId }),
      this.#sent === null ? null : h('progress', { max: 1, value: this.#sent, 'aria-label': t('documents.progress') }),
      h('p', { class: 'hint', role: 'status' }, this.#documentId ? t('documents.uploaded') : null),
      this.#refusal ? h('p', { class: 'error', role: 'alert' }, t(`documents.${this.#refusal}`)) : null,
      this.#error ? custom('ev-problem', { '.error': this.#error }) : null,
    ];
  }
}

customElements.define('ev-delivery-document', DeliveryDocument);
