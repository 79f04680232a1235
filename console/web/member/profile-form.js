// `<ev-profile-form>`: the member's data and its change.

import { ViewElement } from '../shell/view-element.js';
import { custom } from '../shell/view.js';
import { get, patch } from '../shell/api.js';
import { pairs, statusTag } from '../shell/parts.js';
import { Resource, show } from '../shell/resource.js';
import { toast } from '../shell/toast.js';
import { date, today } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { addressFields, addressOf } from './field-sets.js';
import '../shell/form.js';

/** @typedef {Awaited<ReturnType<typeof readProfile>>} Profile */
/** @typedef {import('../shell/form.js').Values} Values */

const GENDERS = /** @type {const} */ (['female', 'male', 'other']);

/** @param {AbortSignal} signal */
const readProfile = (signal) => get('/api/v1/users/me', { signal });

class ProfileForm extends ViewElement {
  #profile = new Resource(this, readProfile);

  start() {
    void this.#profile.load();
  }

  view() {
    return show(this.#profile, (profile) => [facts(profile), this.#form(profile)]);
  }

  /** @param {Profile} profile */
  #form(profile) {
    return custom('ev-form', {
      class: 'form-columns',
      '.fields': [...personFields(profile), ...addressFields(profile.address, true)],
      '.submitLabel': t('action.save'),
      '.send': (/** @type {Values} */ values) => patch('/api/v1/users/me', bodyOf(values)),
      '.done': (/** @type {Profile} */ changed) => {
        toast(t('action.saved'));
        this.#profile.set(changed);
      },
    });
  }
}

/** @param {Profile} profile */
const facts = (profile) =>
  pairs([
    [t('profile.email'), profile.email],
    [t('profile.mobile'), profile.mobile],
    [t('profile.joined_at'), date(profile.created_at)],
    [t('referrals.code'), profile.referral_code],
    [t('kyc.title'), statusTag('kyc', profile.kyc_status)],
  ]);

/**
 * @param {Profile} profile
 * @returns {import('../shell/form.js').Field[]}
 */
const personFields = (profile) => [
  { name: 'name', label: t('profile.name'), value: profile.name, input: { autocomplete: 'name', maxlength: 100 } },
  {
    name: 'first_name',
    label: t('profile.first_name'),
    value: profile.first_name ?? '',
    isOptional: true,
    input: { autocomplete: 'given-name', maxlength: 100 },
  },
  {
    name: 'last_name',
    label: t('profile.last_name'),
    value: profile.last_name ?? '',
    isOptional: true,
    input: { autocomplete: 'family-name', maxlength: 100 },
  },
  {
    name: 'gender',
    label: t('profile.gender'),
    type: 'select',
    isOptional: true,
    value: profile.gender ?? '',
    choices: ['', ...GENDERS].map((value) => ({ value, label: value ? t(`gender.${value}`) : t('choice.none') })),
  },
  {
    name: 'date_of_birth',
    label: t('profile.date_of_birth'),
    type: 'date',
    isOptional: true,
    value: profile.date_of_birth ?? '',
    input: { autocomplete: 'bday', max: today() },
  },
];

/**
 * The API keeps what is left out, so an empty field changes nothing.
 * @param {Values} values
 */
function bodyOf(values) {
  const hasAddress = Object.entries(values).some(([name, value]) => name.startsWith('address.') && value);
  return {
    name: values['name'],
    first_name: values['first_name'] || undefined,
    last_name: values['last_name'] || undefined,
    gender: GENDERS.find((gender) => gender === values['gender']),
    date_of_birth: values['date_of_birth'] || undefined,
    address: hasAddress ? addressOf(values) : undefined,
  };
}

customElements.define('ev-profile-form', ProfileForm);
