// What a member's search finds: members of their own tree.

import { get, orNull } from '../shell/api.js';
import { t } from '../i18n/i18n.js';

/**
 * @param {string} text
 * @param {AbortSignal} signal
 * @returns {Promise<readonly import('../shell/combobox.js').Group[]>}
 */
export async function find(text, signal) {
  const members = await findMembers(text, signal);
  const options = members.map((member) => ({ ...member, address: `/tree?member=${member.id}` }));
  return [{ label: t('tree.title'), options }];
}

/**
 * Members of the own tree; of the whole tree for staff.
 * @param {string} text prefixes of the name's words, or of the referral code
 * @param {AbortSignal} signal
 */
export async function findMembers(text, signal) {
  // A member without a place has no tree.
  const answer = await orNull(get('/api/v1/binary/search', { query: { q: text, limit: 8 }, signal }));
  return (answer?.items ?? []).map(({ user_id: id, name, code, depth }) => ({
    id,
    title: name || t('tree.unnamed'),
    subtitle: [code, t('tree.level', { level: depth })].filter((part) => part).join(' · '),
  }));
}
