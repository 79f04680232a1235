// Title and text of a notification in the language in use.

import { date, dateTime, groupedAmounts, money } from './format.js';
import { find, t } from './i18n.js';

/**
 * @typedef {{
 *   title: string,
 *   body: string,
 *   template?: string | null,
 *   params?: Record<string, string> | null,
 * }} Texts
 */

/** How parameters are written; the others stand as they are. */
const FORMATS = new Map([
  ['amount', money],
  ['net', money],
  ['due_on', date],
  ['at', dateTime],
]);

/**
 * The texts of a notification; the API's English for one without a template, or with one that is not known here, with
 * its amounts grouped.
 * @param {Texts} notification
 */
export function notificationTexts({ title, body, template, params }) {
  const values = Object.fromEntries(
    Object.entries(params ?? {}).map(([name, value]) => [name, FORMATS.get(name)?.(value) ?? value]),
  );
  const translated = {
    title: find(`notification.${template}.title`, values),
    body: find(`notification.${template}`, values),
  };
  if (!template || !translated.title || !translated.body) return { title, body: groupedAmounts(body) };
  const reason = values['reason'] ? ` ${t('notification.reason', { reason: values['reason'] })}` : '';
  return { title: translated.title, body: translated.body + reason };
}
