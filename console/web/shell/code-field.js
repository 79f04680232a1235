// The field of a form for a one-time code.

import { t } from '../i18n/i18n.js';

/** @param {{required?: boolean}} [input] */
export const codeField = (input = {}) => ({
  name: 'code',
  label: t('sign_in.code'),
  input: { autocomplete: 'one-time-code', inputmode: 'numeric', pattern: '[0-9 ]{6,7}', class: 'code', ...input },
});

/**
 * The code of the field, without the space that people type between its halves.
 * @param {import('./form.js').Values} values
 */
export const codeOf = (values) => (values['code'] ?? '').replaceAll(' ', '');
