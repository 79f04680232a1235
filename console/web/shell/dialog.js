// Modal dialogs: a form in a dialog, and the confirmation of an action.

import { custom, h, render } from './view.js';
import { t } from '../i18n/i18n.js';

/** @typedef {import('./view.js').Child} Child */

/**
 * Opens a modal dialog and resolves when it is closed. `content` gets a function that closes it with a result.
 * @template T
 * @param {string} title
 * @param {(close: (result: T | undefined) => void) => Child} content
 * @returns {Promise<T | undefined>}
 */
export function openDialog(title, content) {
  return new Promise((resolve) => {
    /** @type {T | undefined} */
    let result;
    const close = (/** @type {T | undefined} */ value) => {
      result = value;
      dialog.close();
    };
    const heading = `dialog-${crypto.randomUUID()}`;
    const dialog = h('dialog', {
      'aria-labelledby': heading,
      onclose: () => {
        dialog.remove();
        resolve(result);
      },
    });
    const cancel = h('button', {
      type: 'button',
      class: 'icon',
      'aria-label': t('action.close'),
      onclick: () => dialog.close(),
    });
    render(cancel, custom('ev-icon', { name: 'close' }));
    render(dialog, h('header', null, h('h2', { id: heading }, title), cancel), content(close));
    document.body.append(dialog);
    dialog.showModal();
    // A form begins in its first field, not at the button that closes it.
    const field = dialog.querySelector('ev-form :is(input:not([type="hidden"]), select, textarea)');
    if (field instanceof HTMLElement) field.focus();
  });
}

/**
 * `key` is that of the form that asks, or a new one. A problem with one of the form's `fields` is thrown, so that the form
 * shows it there.
 * @template T
 * @typedef {{
 *   title: string,
 *   effects: Child,
 *   label: string,
 *   isDestructive?: boolean,
 *   key?: string,
 *   fields?: readonly string[],
 *   act: (key: string) => Promise<T>,
 * }} Confirmed
 */

/**
 * Asks once before an action: `effects` say what it will do. `act` does it; its problem is shown in the dialog, which
 * stays open. Resolves with the answer of `act`, or undefined when the person gives up.
 * @template T
 * @param {Confirmed<T>} action
 * @returns {Promise<T | undefined>}
 */
export async function confirmAction({ title, effects, label, isDestructive = false, key, fields = [], act }) {
  // One key for all attempts, so that a repetition after a lost answer has the effect of one.
  const keyOfAll = key ?? crypto.randomUUID();
  /** @type {unknown} */
  let refusal;
  /** @type {T | undefined} */
  const answer = await openDialog(title, (close) =>
    custom('ev-confirmation', {
      '.effects': effects,
      '.label': label,
      '.isDestructive': isDestructive,
      '.fields': fields,
      '.act': () => act(keyOfAll),
      '.close': close,
      '.refuse': (/** @type {unknown} */ error) => {
        refusal = error;
        close(undefined);
      },
    }),
  );
  if (refusal) throw refusal;
  return answer;
}
