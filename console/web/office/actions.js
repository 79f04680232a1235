// Actions of the office: what is asked before one, and its confirmation.

import { custom, h } from '../shell/view.js';
import { confirmAction, openDialog } from '../shell/dialog.js';
import { effectList } from '../shell/parts.js';
import { toast } from '../shell/toast.js';
import { t } from '../i18n/i18n.js';
import { countQueues } from './queues.js';
import '../shell/form.js';

/** @typedef {import('../shell/form.js').Field} Field */
/** @typedef {import('../shell/form.js').Values} Values */
/** @typedef {import('../shell/form.js').Sent} Sent */
/**
 * `prepare` reads what the confirmation needs. `effects` says what the action will do, in sentences. `act` sends it with
 * the key of the confirmation.
 * @template T
 * @template [C=undefined]
 * @typedef {{
 *   title: string,
 *   label: string,
 *   prepare?: (values: Values) => Promise<C>,
 *   effects: (values: Values, context: C) => readonly string[],
 *   act: (values: Values, key: string, context: C) => Promise<T>,
 *   fields?: readonly Field[],
 *   isDestructive?: boolean,
 * }} Action
 */

/**
 * Asks for the values of an action if it has any, and then for its confirmation. Resolves with the answer, or undefined
 * when the person gives up.
 * @template T
 * @template [C=undefined]
 * @param {Action<T, C>} action
 * @returns {Promise<T | undefined>}
 */
export async function runAction({ title, label, prepare, effects, act, fields = [], isDestructive = false }) {
  const confirm = async (/** @type {Values} */ values, /** @type {Partial<Sent>} */ sent = {}) => {
    const context = /** @type {C} */ (await prepare?.(values));
    return confirmAction({
      title,
      effects: effectList(effects(values, context)),
      label,
      isDestructive,
      ...sent,
      act: (key) => act(values, key, context),
    });
  };
  const answer = fields.length === 0 ? await confirm({}) : await ask(title, fields, confirm);
  if (answer === undefined) return undefined;
  toast(t('office.done', { action: title }));
  void countQueues();
  return answer;
}

/**
 * @template T
 * @param {string} title
 * @param {readonly Field[]} fields
 * @param {(values: Values, sent: Sent) => Promise<T | undefined>} confirm
 * @returns {Promise<T | undefined>}
 */
const ask = (title, fields, confirm) =>
  openDialog(title, (close) =>
    custom('ev-form', {
      '.fields': fields,
      '.submitLabel': t('office.next'),
      '.send': confirm,
      '.done': (/** @type {T | undefined} */ answer) => {
        if (answer !== undefined) close(answer);
      },
    }),
  );

/**
 * @param {string} label
 * @param {() => unknown} run
 * @param {'primary' | 'danger'} [look]
 * @param {string} [name] for screen readers, where the label alone does not say what it is about
 */
export const actionButton = (label, run, look, name) =>
  h('button', { type: 'button', class: look, onclick: run, 'aria-label': name }, label);

/**
 * @param {...import('../shell/view.js').Child} buttons
 */
export const actionBar = (...buttons) => h('footer', { class: 'actions' }, buttons);

/**
 * The field for the reason of an action.
 * @param {string} hint who reads the reason
 * @param {boolean} [isOptional]
 * @returns {Field}
 */
export const reasonField = (hint, isOptional = false) => ({
  name: 'reason',
  label: t('office.reason'),
  hint,
  isOptional,
  input: { maxlength: 200, autocomplete: 'off' },
});
