// A person named in a form by e-mail address, mobile number or referral code.

import { get } from '../shell/api.js';
import { Problem } from '../shell/problem.js';
import { t } from '../i18n/i18n.js';

/** @returns {import('../shell/form.js').Field} */
export const whoField = () => ({
  name: 'who',
  label: t('office.person'),
  hint: t('office.people.search_hint'),
  input: { maxlength: 100, autocomplete: 'off' },
});

/**
 * The one person that a search finds; a problem with the field when it finds nobody, or several.
 * @param {string} who
 */
export async function findPerson(who) {
  const { items } = await get('/api/v1/users', { query: { q: who, limit: 2 } });
  const [person] = items;
  if (person && items.length === 1) return person;
  const code = person ? 'console.several_people' : 'console.nobody';
  throw new Problem({ status: 422, code, errors: [{ field: 'who', code, detail: code }] });
}
