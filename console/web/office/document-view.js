// `<ev-document-view>`: one document with its content, and the decision about it.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { file, post } from '../shell/api.js';
import { pairs, saveFile, statusTag } from '../shell/parts.js';
import { Resource, show } from '../shell/resource.js';
import { currentUser } from '../shell/session.js';
import { dateTime } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { sizeText } from '../member/document-list.js';
import { actionBar, actionButton, reasonField, runAction } from './actions.js';
import { kindName } from './columns.js';

/** @typedef {import('./columns.js').Document} Document */

class DocumentView extends ViewElement {
  /** @type {Document | undefined} */
  document;
  /** @type {() => void} */
  changed = () => undefined;
  #image = new Resource(this, (signal) => this.#readImage(signal));

  start() {
    this.signal.addEventListener('abort', () => this.#image.value && URL.revokeObjectURL(this.#image.value));
  }

  /** @param {AbortSignal} signal */
  async #readImage(signal) {
    const { content } = await file('/api/v1/compliance/documents/{id}/content', {
      params: { id: this.document?.id ?? '' },
      signal,
    });
    return URL.createObjectURL(content);
  }

  view() {
    const { document } = this;
    if (!document) return null;
    const name = kindName(document.kind);
    return h(
      'article',
      { class: 'stack', 'aria-label': name },
      h('div', { class: 'row' }, h('h3', { class: 'grow' }, name), statusTag('document', document.status)),
      pairs([
        [t('office.document.uploaded_at'), `${dateTime(document.uploaded_at)} · ${sizeText(document.size)}`],
        [t('office.document.reviewed_at'), document.reviewed_at ? dateTime(document.reviewed_at) : null],
        [t('office.reason'), document.reason],
      ]),
      this.#content(document, name),
      this.#actions(document, name),
    );
  }

  /**
   * The content policy lets no page embed a PDF, so that one is saved and opened outside the browser.
   * @param {Document} document
   * @param {string} name
   */
  #content(document, name) {
    const { id } = document;
    const isImage = document.content_type !== 'application/pdf';
    const isBegun = this.#image.isLoading || this.#image.value || this.#image.error;
    return [
      isBegun ? show(this.#image, (url) => h('img', { class: 'document', src: url, alt: name })) : null,
      h(
        'div',
        { class: 'row' },
        isImage && !isBegun
          ? actionButton(
              t('document.show'),
              () => void this.#image.load(),
              undefined,
              t('document.show_name', { name }),
            )
          : null,
        h(
          'button',
          {
            type: 'button',
            'aria-label': t('document.save_name', { name }),
            onclick: () => void saveFile('/api/v1/compliance/documents/{id}/content', { params: { id } }),
          },
          custom('ev-icon', { name: 'download' }),
          t('document.save'),
        ),
      ),
      isBegun ? null : h('p', { class: 'hint' }, t('office.document.audited')),
    ];
  }

  /**
   * @param {Document} document
   * @param {string} name
   */
  #actions(document, name) {
    if (document.status !== 'pending') return null;
    if (document.user_id === currentUser()?.userId) return h('p', { class: 'hint' }, t('office.own'));
    return actionBar(
      actionButton(
        t('office.document.reject'),
        () => this.#reject(document.id, name),
        'danger',
        t('office.document.reject_name', { name }),
      ),
      actionButton(
        t('office.document.verify'),
        () => this.#verify(document.id, name),
        undefined,
        t('office.document.verify_name', { name }),
      ),
    );
  }

  /**
   * @param {string} id
   * @param {string} name
   */
  async #verify(id, name) {
    const answer = await runAction({
      title: t('office.document.verify_name', { name }),
      label: t('office.document.verify'),
      effects: () => [t('office.document.verify_effect', { name }), t('office.document.final_effect')],
      act: (_, key) => post('/api/v1/compliance/documents/{id}/verify', undefined, { params: { id }, key }),
    });
    if (answer) this.changed();
  }

  /**
   * @param {string} id
   * @param {string} name
   */
  async #reject(id, name) {
    const answer = await runAction({
      title: t('office.document.reject_name', { name }),
      label: t('office.document.reject'),
      isDestructive: true,
      fields: [reasonField(t('office.reason.member_hint'))],
      effects: ({ reason = '' }) => [
        t('office.document.reject_effect', { name }),
        t('office.document.final_effect'),
        t('office.reason.given', { reason }),
      ],
      act: ({ reason = '' }, key) =>
        post('/api/v1/compliance/documents/{id}/reject', { reason }, { params: { id }, key }),
    });
    if (answer) this.changed();
  }
}

customElements.define('ev-document-view', DocumentView);
