// Control that chooses a file, in the language of the page: the browser's own one has its texts from the browser.

import { custom, h } from './view.js';
import { t } from '../i18n/i18n.js';

/**
 * The input covers what is shown, so that a click, a key and a dropped file reach it.
 * @param {string | undefined} name the chosen file
 * @param {Record<string, unknown>} attributes of the input
 */
export const fileField = (name, attributes) =>
  h(
    'span',
    { class: 'file' },
    h('input', { type: 'file', ...attributes }),
    h('span', { class: 'button', 'aria-hidden': 'true' }, custom('ev-icon', { name: 'document' }), t('file.choose')),
    h('span', { class: name ? 'file-name' : 'file-name hint' }, name ?? t('file.none')),
  );
