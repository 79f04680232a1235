// `<ev-people-page>`: search of people, and administrators' addition of one.

import { get, post } from '../shell/api.js';
import { pageList } from '../shell/page-list.js';
import { isAdmin } from '../shell/session.js';
import { h } from '../shell/view.js';
import { navigate } from '../shell/router.js';
import { t } from '../i18n/i18n.js';
import { actionButton, runAction } from './actions.js';
import { userColumns } from './columns.js';
import { ListPageElement, pageHead } from './list-page.js';

/** @typedef {import('./columns.js').User} User */

const ROLES = /** @type {const} */ (['user', 'staff', 'admin']);
const KYC_STATES = ['none', 'pending', 'approved', 'rejected'];

class PeoplePage extends ListPageElement {
  view() {
    return h(
      'div',
      { class: 'page' },
      pageHead(t('office.people.title'), isAdmin() ? actionButton(t('office.people.add'), addPerson) : null),
      this.filters([
        {
          name: 'q',
          label: t('office.people.search'),
          type: 'search',
          input: { maxlength: 100, placeholder: t('office.people.search_hint') },
        },
        { name: 'role', label: t('office.user.role'), type: 'select', choices: withAll('office.role', ROLES) },
        { name: 'kyc_status', label: t('kyc.title'), type: 'select', choices: withAll('kyc.status', KYC_STATES) },
        {
          name: 'active_buyer',
          label: t('home.active_buyer'),
          type: 'select',
          choices: withAll('choice', ['true', 'false']),
        },
        {
          name: 'placed',
          label: t('referrals.place'),
          type: 'select',
          choices: withAll('choice', ['true', 'false']),
        },
        this.personFilter('referrer_id', t('office.person.referrer')),
      ]),
      pageList({
        caption: t('office.people.title'),
        empty: t('office.people.empty'),
        columns: userColumns(),
        rowKey: (/** @type {User} */ user) => user.id,
        link: (/** @type {User} */ user) => `/office/people/${user.id}`,
        read: ({ signal, ...page }) => searchPeople({ ...this.filter, ...page }, signal),
      }),
    );
  }
}

/**
 * @param {string} kind its texts are `KIND.VALUE`
 * @param {readonly string[]} values
 */
const withAll = (kind, values) => [
  { value: '', label: t('filter.all') },
  ...values.map((value) => ({ value, label: t(`${kind}.${value}`) })),
];

async function addPerson() {
  const user = await runAction({
    title: t('office.people.add'),
    label: t('office.people.add'),
    fields: [
      { name: 'name', label: t('profile.name'), input: { maxlength: 100, autocomplete: 'off' } },
      { name: 'email', label: t('profile.email'), type: 'email', input: { autocomplete: 'off' } },
      { name: 'mobile', label: t('profile.mobile'), type: 'tel', isOptional: true, input: { autocomplete: 'off' } },
      {
        name: 'role',
        label: t('office.user.role'),
        type: 'select',
        value: 'user',
        choices: ROLES.map((value) => ({ value, label: t(`office.role.${value}`) })),
      },
    ],
    effects: ({ name = '', role = 'user' }) => [
      t('office.people.add_effect', { name, role: t(`office.role.${role}`) }),
      t(`office.role.effect.${role}`),
    ],
    act: ({ name = '', email = '', mobile, role }, key) =>
      post('/api/v1/users', { name, email, mobile: mobile || null, role: roleOf(role) }, { key }),
  });
  if (user) navigate(`/office/people/${user.id}`);
}

/**
 * A page of users; the API answers with names only to a query for ids.
 * @param {Record<string, string | number | null>} query
 * @param {AbortSignal} signal
 */
const searchPeople = async (query, signal) =>
  /** @type {import('../shell/list.js').ListPage<User>} */ (await get('/api/v1/users', { query, signal }));

/** @param {string | undefined} role */
const roleOf = (role) => ROLES.find((known) => known === role) ?? 'user';

customElements.define('ev-people-page', PeoplePage);
