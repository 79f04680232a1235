// `<ev-picture-upload>`: choice of a picture for a vehicle, and its upload.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { isAbort, upload } from '../shell/api.js';
import { fileField } from '../shell/file-field.js';
import { toast } from '../shell/toast.js';
import { t } from '../i18n/i18n.js';

/** The most bytes that the API takes. */
const MAX_BYTES = 2 * 1024 * 1024;

class PictureUpload extends ViewElement {
  vehicleId = '';
  /** @type {() => void} */
  done = () => undefined;
  /** @type {File | undefined} */
  #file;
  /** One key for all attempts with the same file. */
  #key = crypto.randomUUID();
  #isTooLarge = false;
  /** @type {number | null} The sent part while the file is uploaded. */
  #sent = null;
  /** @type {unknown} */
  #error;
  #id = crypto.randomUUID();

  /** @param {HTMLInputElement} input */
  #choose(input) {
    const file = input.files?.[0];
    this.#isTooLarge = (file?.size ?? 0) > MAX_BYTES;
    [this.#file, this.#key, this.#error] = [this.#isTooLarge ? undefined : file, crypto.randomUUID(), undefined];
    this.update();
  }

  /** @param {SubmitEvent} event */
  async #submit(event) {
    event.preventDefault();
    const file = this.#file;
    if (!file || this.#sent !== null) return;
    [this.#sent, this.#error] = [0, undefined];
    this.update();
    const path = /** @type {'/api/v1/vehicles/{id}/pictures'} */ (`/api/v1/vehicles/${this.vehicleId}/pictures`);
    const progress = (/** @type {number} */ part) => {
      this.#sent = part;
      this.update();
    };
    try {
      await upload(path, file, progress, { key: this.#key, signal: this.signal });
      this.#finish();
    } catch (error) {
      if (!isAbort(error)) this.#error = error;
    }
    this.#sent = null;
    this.update();
  }

  #finish() {
    [this.#file, this.#key] = [undefined, crypto.randomUUID()];
    const input = this.querySelector('input');
    if (input) input.value = '';
    toast(t('office.pictures.added'));
    this.done();
  }

  view() {
    return h(
      'form',
      { class: 'stack', onsubmit: (/** @type {SubmitEvent} */ event) => this.#submit(event) },
      h(
        'div',
        { class: 'field' },
        h('label', { for: this.#id }, t('office.pictures.file')),
        fileField(this.#file?.name, {
          id: this.#id,
          accept: 'image/jpeg,image/png',
          'aria-describedby': `${this.#id}-hint`,
          'aria-invalid': this.#isTooLarge ? 'true' : null,
          onchange: (/** @type {{target: HTMLInputElement}} */ event) => this.#choose(event.target),
        }),
        h('p', { class: 'hint', id: `${this.#id}-hint` }, t('office.pictures.hint')),
        this.#isTooLarge ? h('p', { class: 'error', role: 'alert' }, t('office.pictures.too_large')) : null,
      ),
      this.#sent === null ? null : h('progress', { max: 1, value: this.#sent, 'aria-label': t('documents.progress') }),
      this.#error ? custom('ev-problem', { '.error': this.#error }) : null,
      h(
        'footer',
        { class: 'actions' },
        h('button', { class: 'primary', disabled: !this.#file || this.#sent !== null }, t('office.pictures.add')),
      ),
    );
  }
}

customElements.define('ev-picture-upload', PictureUpload);
