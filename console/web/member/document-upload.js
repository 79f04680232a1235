// `<ev-document-upload>`: choice of a file, its check and preview, and its upload with progress.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { isAbort, upload } from '../shell/api.js';
import { fileField } from '../shell/file-field.js';
import { toast } from '../shell/toast.js';
import { t } from '../i18n/i18n.js';
import { ACCEPT, checkFile } from './document-file.js';
import { sizeText } from './document-list.js';

/** @typedef {{file: File, imageUrl: string | null}} Chosen */

const KINDS = ['pan_card', 'aadhaar_card', 'address_proof', 'cancelled_cheque', 'photo'];

class DocumentUpload extends ViewElement {
  /** @type {() => void} */
  done = () => undefined;
  /** @type {Chosen | null} */
  #chosen = null;
  /** @type {string | null} */
  #refusal = null;
  /** @type {number | null} The sent part, 0 to 1, while a file is uploaded. */
  #sent = null;
  /** @type {unknown} */
  #error;
  /** One key for all attempts with the same file and kind. */
  #key = crypto.randomUUID();
  #kind = KINDS[0] ?? '';
  #upload = new AbortController();
  #id = crypto.randomUUID();

  start() {
    this.signal.addEventListener('abort', () => {
      this.#upload.abort();
      this.#forget();
    });
  }

  #forget() {
    if (this.#chosen?.imageUrl) URL.revokeObjectURL(this.#chosen.imageUrl);
    [this.#chosen, this.#refusal, this.#error, this.#key] = [null, null, undefined, crypto.randomUUID()];
  }

  /** @param {HTMLInputElement} input */
  async #choose(input) {
    this.#forget();
    const chosen = input.files?.[0];
    if (chosen) {
      const checked = await checkFile(chosen);
      // A file that was chosen meanwhile has its own check.
      if (input.files?.[0] !== chosen) return;
      if ('refusal' in checked) this.#refusal = checked.refusal;
      else this.#chosen = { file: chosen, imageUrl: imageUrl(chosen, checked.type) };
    }
    this.update();
  }

  /** @param {string} kind */
  #setKind(kind) {
    [this.#kind, this.#key] = [kind, crypto.randomUUID()];
    this.update();
  }

  /** @param {SubmitEvent} event */
  async #submit(event) {
    event.preventDefault();
    if (!this.#chosen || this.#sent !== null) return;
    this.#upload = new AbortController();
    [this.#sent, this.#error] = [0, undefined];
    this.update();
    const form = new FormData();
    form.append('kind', this.#kind);
    form.append('file', this.#chosen.file);
    const options = { key: this.#key, signal: this.#upload.signal };
    try {
      await upload('/api/v1/compliance/documents', form, (part) => this.#progress(part), options);
      this.#finish();
    } catch (error) {
      if (!isAbort(error)) this.#error = error;
    }
    this.#sent = null;
    this.update();
  }

  /** @param {number} part */
  #progress(part) {
    this.#sent = part;
    this.update();
  }

  #finish() {
    this.#forget();
    const input = this.querySelector('input');
    if (input) input.value = '';
    toast(t('documents.uploaded'));
    this.done();
  }

  view() {
    const refusalId = `${this.#id}-refusal`;
    return h(
      'form',
      { class: 'stack', onsubmit: (/** @type {SubmitEvent} */ event) => this.#submit(event) },
      h('h3', null, t('documents.upload')),
      h(
        'label',
        { class: 'field' },
        t('document.kind'),
        h(
          'select',
          { onchange: (/** @type {{target: HTMLSelectElement}} */ event) => this.#setKind(event.target.value) },
          KINDS.map((value) => h('option', { value, selected: value === this.#kind }, t(`document.kind.${value}`))),
        ),
      ),
      h(
        'div',
        { class: 'field' },
        h('label', { for: this.#id }, t('documents.file')),
        fileField(this.#chosen?.file.name, {
          id: this.#id,
          accept: ACCEPT,
          'aria-describedby': `${this.#id}-hint ${refusalId}`,
          'aria-invalid': this.#refusal ? 'true' : null,
          onchange: (/** @type {{target: HTMLInputElement}} */ event) => this.#choose(event.target),
        }),
        h('p', { class: 'hint', id: `${this.#id}-hint` }, t('documents.file_hint')),
        h(
          'p',
          { class: 'error', id: refusalId, role: 'alert' },
          this.#refusal ? t(`documents.${this.#refusal}`) : null,
        ),
      ),
      this.#preview(),
      this.#error ? custom('ev-problem', { '.error': this.#error }) : null,
      this.#footer(),
    );
  }

  #preview() {
    if (!this.#chosen) return null;
    const { file, imageUrl: url } = this.#chosen;
    return h(
      'figure',
      { class: 'preview' },
      url
        ? h('img', { class: 'document', src: url, alt: t('documents.preview') })
        : custom('ev-icon', { name: 'document' }),
      h('figcaption', { class: 'hint' }, `${file.name} · ${sizeText(file.size)}`),
    );
  }

  #footer() {
    const sent = this.#sent;
    if (sent !== null) {
      return h(
        'div',
        { class: 'row' },
        h('progress', { class: 'grow', max: 1, value: sent, 'aria-label': t('documents.progress') }),
        h('button', { type: 'button', onclick: () => this.#upload.abort() }, t('documents.stop')),
      );
    }
    return h(
      'footer',
      { class: 'actions' },
      h('button', { class: 'primary', disabled: !this.#chosen }, t('documents.send')),
    );
  }
}

/**
 * An address that shows an image; null for another type.
 * @param {File} file
 * @param {string} type
 */
const imageUrl = (file, type) => (type.startsWith('image/') ? URL.createObjectURL(file) : null);

customElements.define('ev-document-upload', DocumentUpload);
