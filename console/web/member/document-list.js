// List of the member's documents, each with its state and a way to see it.

import { custom, h } from '../shell/view.js';
import { file } from '../shell/api.js';
import { openDialog } from '../shell/dialog.js';
import { saveFile, statusTag } from '../shell/parts.js';
import { problemText } from '../shell/problem.js';
import { toast } from '../shell/toast.js';
import { dateTime, number } from '../i18n/format.js';
import { find, t } from '../i18n/i18n.js';

/** @typedef {import('./kyc-page.js').Document} Document */

/** @param {Document[]} documents */
export function documentList(documents) {
  if (documents.length === 0) return h('p', { class: 'hint' }, t('documents.empty'));
  return h('ul', { class: 'feed' }, documents.map(entry));
}

/**
 * The name of a kind of document; other programs may use kinds of their own.
 * @param {string} kind
 */
const kindName = (kind) => find(`document.kind.${kind}`) ?? kind.replaceAll('_', ' ');

/**
 * A file's size in whole kilobytes.
 * @param {number} bytes
 */
export const sizeText = (bytes) => t('documents.size', { size: number(Math.ceil(bytes / 1024)) });

/** @param {Document} document */
function entry(document) {
  const { id, kind, status, reason, size, uploaded_at: uploadedAt, content_type: type } = document;
  const name = { name: kindName(kind) };
  const isImage = type !== 'application/pdf';
  return h(
    'li',
    { key: id, class: 'stack-small' },
    h('div', { class: 'row' }, h('strong', { class: 'grow' }, kindName(kind)), statusTag('document', status)),
    h('p', { class: 'hint' }, `${dateTime(uploadedAt)} · ${sizeText(size)}`),
    reason ? h('p', { class: 'error' }, t('document.reason', { reason })) : null,
    h(
      'div',
      { class: 'row' },
      isImage
        ? h(
            'button',
            { type: 'button', 'aria-label': t('document.show_name', name), onclick: () => showImage(document) },
            t('document.show'),
          )
        : null,
      h(
        'button',
        { type: 'button', 'aria-label': t('document.save_name', name), onclick: () => save(id) },
        custom('ev-icon', { name: 'download' }),
        t('document.save'),
      ),
    ),
  );
}

/** @param {string} id */
const save = (id) => saveFile('/api/v1/compliance/documents/{id}/content', { params: { id } });

/** @param {Document} document */
async function showImage({ id, kind }) {
  try {
    const { content } = await file('/api/v1/compliance/documents/{id}/content', { params: { id } });
    const url = URL.createObjectURL(content);
    await openDialog(kindName(kind), () => h('img', { class: 'document', src: url, alt: kindName(kind) }));
    URL.revokeObjectURL(url);
  } catch (error) {
    toast(problemText(error));
  }
}
