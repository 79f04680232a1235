// `<ev-person-profile>`: a person's data, and the rights that an administrator gives.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { patch } from '../shell/api.js';
import { card, pairs, statusTag } from '../shell/parts.js';
import { currentUser, isAdmin } from '../shell/session.js';
import { date, dateTime } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { actionBar, actionButton, runAction } from './actions.js';
import { personName } from './person-name.js';
import './person-figures.js';
import './person-sessions.js';

/** @typedef {import('./person-page.js').Person} Person */
/** @typedef {import('../shell/api.js').Body<'patch', '/api/v1/users/{id}'>} Rights */

const ROLES = /** @type {const} */ (['user', 'staff', 'admin']);

class PersonProfile extends ViewElement {
  /** @type {Person | undefined} */
  person;
  changed = () => undefined;

  view() {
    const { person } = this;
    if (!person) return null;
    const { address, gender } = person;
    return h(
      'div',
      { class: 'beside' },
      card(
        t('office.person.data'),
        pairs([
          [t('profile.name'), person.name],
          [t('profile.email'), person.email],
          [t('profile.mobile'), person.mobile],
          [t('profile.gender'), gender ? t(`gender.${gender}`) : null],
          [t('profile.date_of_birth'), person.date_of_birth ? date(person.date_of_birth) : null],
          [t('address.title'), address ? addressText(address) : null],
          [t('profile.joined_at'), dateTime(person.created_at)],
          [t('kyc.title'), statusTag('kyc', person.kyc_status)],
          [t('referrals.code'), person.referral_code],
          [t('office.person.referrer'), person.referrer_id ? personName(person.referrer_id) : null],
          [t('office.person.id'), h('code', null, person.id)],
        ]),
      ),
      card(
        t('office.user.rights'),
        pairs([
          [t('office.user.role'), t(`office.role.${person.role}`)],
          [t('office.user.distributor'), t(`choice.${person.is_distributor}`)],
          [t('office.user.can_sign_in'), t(`choice.${person.is_active}`)],
        ]),
        this.#actions(person),
      ),
      custom('ev-person-figures', { class: 'contents', '.userId': person.id }),
      isAdmin() ? card(t('sessions.title'), custom('ev-person-sessions', { '.userId': person.id })) : null,
    );
  }

  /** @param {Person} person */
  #actions(person) {
    if (!isAdmin()) return h('p', { class: 'hint' }, t('office.user.rights_hint'));
    if (person.id === currentUser()?.userId) return h('p', { class: 'hint' }, t('office.user.own_rights'));
    return actionBar(
      actionButton(t('office.user.change_role'), () => this.#changeRole(person)),
      person.is_distributor
        ? actionButton(t('office.user.end_label'), () => this.#change(person, 'end_label', { is_distributor: false }))
        : actionButton(t('office.user.label'), () => this.#change(person, 'label', { is_distributor: true })),
      person.is_active
        ? actionButton(
            t('office.user.deactivate'),
            () => this.#change(person, 'deactivate', { is_active: false }),
            'danger',
          )
        : actionButton(t('office.user.activate'), () => this.#change(person, 'activate', { is_active: true })),
    );
  }

  /**
   * @param {Person} person
   * @param {'label' | 'end_label' | 'activate' | 'deactivate'} name
   * @param {Rights} rights
   */
  async #change({ id, name: person }, name, rights) {
    const answer = await runAction({
      title: t(`office.user.${name}`),
      label: t(`office.user.${name}`),
      isDestructive: name === 'deactivate',
      effects: () => [t(`office.user.${name}_effect`, { name: person })],
      act: (_, key) => patch('/api/v1/users/{id}', rights, { params: { id }, key }),
    });
    if (answer) this.changed();
  }

  /** @param {Person} person */
  async #changeRole({ id, name, role: current }) {
    const roleOf = (/** @type {string | undefined} */ role) => ROLES.find((known) => known === role) ?? current;
    const answer = await runAction({
      title: t('office.user.change_role'),
      label: t('office.user.change_role'),
      fields: [
        {
          name: 'role',
          label: t('office.user.role'),
          type: 'select',
          value: current,
          choices: ROLES.map((value) => ({ value, label: t(`office.role.${value}`) })),
        },
      ],
      effects: ({ role }) => [
        t('office.user.role_effect', { name, role: t(`office.role.${roleOf(role)}`) }),
        t(`office.role.effect.${roleOf(role)}`),
        t('office.user.sessions_effect'),
      ],
      act: ({ role }, key) => patch('/api/v1/users/{id}', { role: roleOf(role) }, { params: { id }, key }),
    });
    if (answer) this.changed();
  }
}

/** @param {import('../member/field-sets.js').Address} address */
export const addressText = ({ line1, line2, city, state, pincode, country }) =>
  [line1, line2, `${city} ${pincode}`, state, country].filter(Boolean).join(', ');

customElements.define('ev-person-profile', PersonProfile);
