// `<ev-tax-rules>`: the rules of tax deduction, and an administrator's addition of the next one.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { get, post, readAll } from '../shell/api.js';
import { amountInput, amountText } from '../shell/form.js';
import { pairs, tag } from '../shell/parts.js';
import { Resource, show } from '../shell/resource.js';
import { isAdmin } from '../shell/session.js';
import { date, money, today } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { actionBar, actionButton, runAction } from './actions.js';
import { rateInput } from './plan-terms.js';
import { addDays, startText } from './range.js';

/** @typedef {import('./columns.js').Row<'/api/v1/tax-rules'>} Rule */
/** @typedef {import('../shell/form.js').Values} Values */

/** @param {AbortSignal} signal */
const readRules = (signal) => readAll((cursor) => get('/api/v1/tax-rules', { query: { cursor, limit: 100 }, signal }));

class TaxRules extends ViewElement {
  #rules = new Resource(this, readRules);

  start() {
    void this.#rules.load();
  }

  view() {
    return [
      h('p', { class: 'hint' }, t('office.tax.about')),
      isAdmin() ? actionBar(actionButton(t('office.tax.add'), () => this.#add(), 'primary')) : null,
      show(this.#rules, (rules) =>
        rules.length > 0
          ? h('ul', { class: 'cards' }, rules.map(entry))
          : h('p', { class: 'empty' }, t('office.tax.no_rule')),
      ),
    ];
  }

  async #add() {
    const added = await runAction({
      title: t('office.tax.add'),
      label: t('office.tax.add'),
      isDestructive: true,
      fields: fields(),
      effects,
      act: (values, key) => post('/api/v1/tax-rules', ruleOf(values), { key }),
    });
    if (added) void this.#rules.load();
  }
}

/** @param {Rule} rule */
function entry(rule) {
  const { id, section, rate, threshold, on, cap, no_pan_rate: noPanRate } = rule;
  const { effective_from: from, effective_to: to } = rule;
  const days = startText(from, (day) =>
    to
      ? t('office.tax.from_to', { from: date(day), to: date(addDays(to, -1)) })
      : t('office.tax.from', { from: date(day) }),
  );
  return h(
    'li',
    { class: 'card', key: id },
    h('div', { class: 'row' }, h('h2', { class: 'grow' }, t('office.tax.of_section', { section })), state(rule)),
    h('p', { class: 'hint' }, days),
    pairs([
      [t('tax.rate'), `${rate} %`],
      [t('office.tax.no_pan_rate'), `${noPanRate} %`],
      [t('office.tax.threshold'), money(threshold)],
      [t('office.tax.on'), t(`office.tax.on.${on}`)],
      [t('office.tax.cap'), cap ? money(cap) : t('office.tax.no_cap')],
      [t('office.tax.id'), id],
    ]),
  );
}

/** @param {Rule} rule */
function state({ effective_from: from, effective_to: to }) {
  const day = today();
  if (from > day) return tag(t('office.tax.state.planned'), 'warn');
  return to && to <= day ? tag(t('office.tax.state.ended'), 'plain') : tag(t('office.tax.state.in_force'), 'good');
}

/** @returns {import('../shell/form.js').Field[]} */
const fields = () => [
  {
    name: 'id',
    label: t('office.tax.id'),
    hint: t('office.tax.id_hint'),
    input: { maxlength: 64, pattern: '[a-z0-9\\-]{1,64}', autocomplete: 'off', title: t('office.tax.id_hint') },
  },
  {
    name: 'section',
    label: t('tax.section'),
    hint: t('office.tax.section_hint'),
    input: { maxlength: 32, autocomplete: 'off' },
  },
  { name: 'rate', label: t('office.tax.rate'), input: rateInput() },
  { name: 'no_pan_rate', label: t('office.tax.no_pan_rate'), input: rateInput() },
  {
    name: 'threshold',
    label: t('office.tax.threshold'),
    hint: t('office.tax.threshold_hint'),
    value: '0.00',
    input: amountInput(),
  },
  {
    name: 'on',
    label: t('office.tax.on'),
    type: 'select',
    choices: ['excess', 'whole'].map((value) => ({ value, label: t(`office.tax.on.${value}`) })),
  },
  { name: 'cap', label: t('office.tax.cap'), isOptional: true, input: amountInput() },
  {
    name: 'effective_from',
    label: t('office.tax.effective_from'),
    type: 'date',
    input: { min: addDays(today(), 1) },
  },
];

/** @param {Values} values */
function effects(values) {
  const { section, rate, threshold, on, cap, no_pan_rate: noPanRate, effective_from: from } = ruleOf(values);
  return [
    t('office.tax.rate_effect', { day: date(from), rate, threshold: money(threshold), section }),
    t(`office.tax.on_effect.${on}`),
    t('office.tax.no_pan_effect', { rate: noPanRate }),
    ...(cap ? [t('office.tax.cap_effect', { cap: money(cap) })] : []),
    t('office.tax.before_effect'),
    t('office.tax.final_effect'),
  ];
}

/** @param {Values} values */
const ruleOf = ({ id = '', section = '', rate = '', threshold = '', cap, ...values }) => ({
  id,
  section,
  rate,
  threshold: amountText(threshold),
  on: values['on'] === 'whole' ? /** @type {const} */ ('whole') : /** @type {const} */ ('excess'),
  cap: cap ? amountText(cap) : null,
  no_pan_rate: values['no_pan_rate'] ?? '',
  effective_from: values['effective_from'] ?? '',
});

customElements.define('ev-tax-rules', TaxRules);
