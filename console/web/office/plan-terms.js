// Terms of a compensation plan: as sentences, as numbers, and as the fields of a form.

import { h } from '../shell/view.js';
import { amountInput, amountText } from '../shell/form.js';
import { pairs } from '../shell/parts.js';
import { money, number } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';

/** @typedef {import('./plan-page.js').PlanVersion['plan']} Plan */
/** @typedef {import('../shell/api.js').Answer<'get', '/api/v1/plan/limits'>} Limits */
/** @typedef {import('../shell/form.js').Field} Field */
/** @typedef {import('../shell/form.js').Values} Values */

const PERIODS = /** @type {const} */ (['day', 'month']);
const OVER_LIMIT = /** @type {const} */ (['carry', 'flush']);
const REFERRALS = /** @type {const} */ (['percent_of_first_booking', 'once_at_threshold']);

/** @param {Plan} plan */
function sentences({ active_buyer_from: from, booking, referral, pairs: pair, payout }) {
  const bonus =
    referral.kind === 'percent_of_first_booking'
      ? t('office.plan.words.percent', { rate: referral.rate })
      : t('office.plan.words.threshold', { amount: money(referral.amount), threshold: money(referral.threshold) });
  return [
    t('office.plan.words.active_buyer', { amount: money(from) }),
    bonus,
    t('office.plan.words.pair', { amount: money(pair.gross) }),
    pair.unpaid_first > 0 ? t('office.plan.words.unpaid', { count: pair.unpaid_first }) : null,
    t(`office.plan.words.limit.${pair.limit_per}`, { count: pair.limit }),
    t(`office.plan.words.${pair.over_limit}`),
    t('office.plan.words.emi', { rate: pair.emi_rate, n: number(pair.emi_from_number) }),
    pair.reserve_rate === '0' ? null : t('office.plan.words.reserve', { rate: pair.reserve_rate }),
    pair.require_distributor ? t('office.plan.words.distributor') : null,
    t('office.plan.words.booking', {
      amount: money(booking.minimum_amount),
      min: number(booking.emi_months_min),
      max: number(booking.emi_months_max),
    }),
    t('office.plan.words.payout', { amount: money(payout.minimum) }),
    t('office.plan.words.second', { amount: money(payout.second_approver_from) }),
  ].filter((sentence) => sentence !== null);
}

/** @param {Plan} plan */
export const planWords = (plan) => [
  h(
    'ul',
    { class: 'conditions' },
    sentences(plan).map((sentence) => h('li', null, sentence)),
  ),
];

/** @param {Plan} plan */
export const planTerms = (plan) =>
  pairs(
    planFields(plan).map(({ name, label, value, choices }) => [
      label,
      choices?.find((choice) => choice.value === value)?.label ?? (isMoney(name) ? money(value ?? '') : value),
    ]),
  );

/** @param {string} name */
const isMoney = (name) => /(active_buyer_from|amount|threshold|gross|payout\.minimum|second_approver_from)$/.test(name);

/** A higher maximum comes from the size of the stored number and tells a person nothing. */
const NO_LIMIT = 1_000_000_000;

/**
 * The fields of a plan with its values, and with the platform's limits where they are known.
 * @param {Plan} plan
 * @param {Limits} [limits]
 */
export const planFields = (plan, limits) => fieldsOf(plan).map((field) => (limits ? limited(field, limits) : field));

/**
 * @param {Field} field
 * @param {Limits} limits
 * @returns {Field}
 */
function limited(field, limits) {
  if (field.name === 'plan.name') {
    const { minimum, maximum } = limits.name_characters;
    return { ...field, input: { ...field.input, minlength: minimum, maxlength: maximum } };
  }
  const [group = '', name] = field.name.split('.').slice(1);
  const found = Reflect.get(limits, group);
  /** @type {{minimum: string | number, maximum: string | number} | undefined} */
  const range = name ? found?.[name] : found;
  if (range?.minimum === undefined) return field;
  const text = (/** @type {string | number} */ value) => {
    if (typeof value === 'number') return number(value);
    return isMoney(field.name) ? money(value) : value;
  };
  const texts = { minimum: text(range.minimum), maximum: text(range.maximum) };
  return {
    ...field,
    hint: t(Number(range.maximum) > NO_LIMIT ? 'office.plan.at_least' : 'office.plan.range', texts),
    input: field.type === 'number' ? { ...field.input, min: range.minimum, max: range.maximum } : field.input,
  };
}

/**
 * The names of the fields are those of the API's refusals.
 * @param {Plan} plan
 * @returns {Field[]}
 */
function fieldsOf({ name, active_buyer_from: from, booking, referral, pairs: pair, payout }) {
  return [
    { name: 'plan.name', label: t('office.plan.name'), value: name, input: { maxlength: 60, autocomplete: 'off' } },
    amount('active_buyer_from', from),
    amount('booking.minimum_amount', booking.minimum_amount),
    count('booking.emi_months_min', booking.emi_months_min),
    count('booking.emi_months_max', booking.emi_months_max),
    select('referral.kind', referral.kind, REFERRALS),
    ...(referral.kind === 'percent_of_first_booking'
      ? [rate('referral.rate', referral.rate)]
      : [amount('referral.amount', referral.amount), amount('referral.threshold', referral.threshold)]),
    amount('pairs.gross', pair.gross),
    count('pairs.unpaid_first', pair.unpaid_first),
    count('pairs.limit', pair.limit),
    select('pairs.limit_per', pair.limit_per, PERIODS),
    select('pairs.over_limit', pair.over_limit, OVER_LIMIT),
    count('pairs.emi_from_number', pair.emi_from_number),
    rate('pairs.emi_rate', pair.emi_rate),
    rate('pairs.reserve_rate', pair.reserve_rate),
    yesOrNo('pairs.require_distributor', pair.require_distributor),
    amount('payout.minimum', payout.minimum),
    amount('payout.second_approver_from', payout.second_approver_from),
  ];
}

/**
 * @param {string} name
 * @param {string} value
 * @returns {Field}
 */
const amount = (name, value) => ({
  name: `plan.${name}`,
  label: t(`office.plan.${name}`),
  value,
  input: amountInput(),
});

/**
 * @param {string} name
 * @param {number} value
 * @returns {Field}
 */
const count = (name, value) => ({
  name: `plan.${name}`,
  label: t(`office.plan.${name}`),
  type: 'number',
  value: String(value),
  input: { min: 0, step: 1, inputmode: 'numeric' },
});

/**
 * @param {string} name
 * @param {string} value percent
 * @returns {Field}
 */
const rate = (name, value) => ({
  name: `plan.${name}`,
  label: t(`office.plan.${name}`),
  value,
  input: rateInput(),
});

/** An input for a rate in percent. */
export const rateInput = () => ({
  inputmode: 'decimal',
  pattern: '[0-9]{1,3}([.][0-9]{1,4})?',
  autocomplete: 'off',
  title: t('office.plan.rate'),
});

/**
 * @param {string} name
 * @param {string} value
 * @param {readonly string[]} values
 * @returns {Field}
 */
const select = (name, value, values) => ({
  name: `plan.${name}`,
  label: t(`office.plan.${name}`),
  type: 'select',
  value,
  choices: values.map((choice) => ({ value: choice, label: t(`office.plan.${name}.${choice}`) })),
});

/**
 * @param {string} name
 * @param {boolean} value
 * @returns {Field}
 */
const yesOrNo = (name, value) => ({
  name: `plan.${name}`,
  label: t(`office.plan.${name}`),
  type: 'select',
  value: String(value),
  choices: ['true', 'false'].map((choice) => ({ value: choice, label: t(`choice.${choice}`) })),
});

/**
 * The plan that the values of a form describe.
 * @param {Values} values
 * @returns {Plan}
 */
export function planOf(values) {
  const text = (/** @type {string} */ name) => values[`plan.${name}`] ?? '';
  const rupees = (/** @type {string} */ name) => amountText(text(name) || '0');
  const whole = (/** @type {string} */ name) => Number.parseInt(text(name) || '0', 10);
  return {
    name: text('name'),
    active_buyer_from: rupees('active_buyer_from'),
    booking: {
      minimum_amount: rupees('booking.minimum_amount'),
      emi_months_min: whole('booking.emi_months_min'),
      emi_months_max: whole('booking.emi_months_max'),
    },
    referral:
      text('referral.kind') === 'once_at_threshold'
        ? { kind: 'once_at_threshold', amount: rupees('referral.amount'), threshold: rupees('referral.threshold') }
        : { kind: 'percent_of_first_booking', rate: text('referral.rate') || '0' },
    pairs: {
      gross: rupees('pairs.gross'),
      unpaid_first: whole('pairs.unpaid_first'),
      limit: whole('pairs.limit'),
      limit_per: text('pairs.limit_per') === 'day' ? 'day' : 'month',
      over_limit: text('pairs.over_limit') === 'flush' ? 'flush' : 'carry',
      emi_from_number: whole('pairs.emi_from_number'),
      emi_rate: text('pairs.emi_rate'),
      reserve_rate: text('pairs.reserve_rate'),
      require_distributor: text('pairs.require_distributor') === 'true',
    },
    payout: { minimum: rupees('payout.minimum'), second_approver_from: rupees('payout.second_approver_from') },
  };
}

/**
 * The terms that differ, each as a sentence with the value before and after.
 * @param {Plan} before
 * @param {Plan} after
 */
export function changedTerms(before, after) {
  const old = new Map(planFields(before).map((field) => [field.name, textOf(field)]));
  return planFields(after)
    .filter((field) => old.get(field.name) !== textOf(field))
    .map((field) =>
      t('office.plan.change', { term: field.label, before: old.get(field.name) ?? '–', after: textOf(field) }),
    );
}

/** @param {Field} field */
function textOf({ name, value = '', choices }) {
  if (choices) return choices.find((choice) => choice.value === value)?.label ?? value;
  return isMoney(name) ? money(value) : value;
}
