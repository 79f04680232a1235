// `<ev-plan-simulation>`: what a candidate plan would have paid, beside what the plans in force paid.

import { custom, h } from '../shell/view.js';
import { post } from '../shell/api.js';
import { card } from '../shell/parts.js';
import { amountOf, money, monthName, number, paise, shortMoney, signedMoney } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { PlanDraftElement } from './plan-draft.js';
import { planFields, planOf } from './plan-terms.js';
import { dataTable } from './data-table.js';
import { followSimulation } from './long-task.js';
import '../charts/chart.js';
import '../shell/form.js';

/** @typedef {import('../shell/form.js').Values} Values */
/** @typedef {import('../shell/api.js').Answer<'post', '/api/v1/plan/simulate'>} Report */

const AMOUNTS = /** @type {const} */ (['referral', 'gross', 'emi_deduction', 'reserve_deduction', 'net']);
const COUNTS = /** @type {const} */ (['bonuses', 'pairs']);

class PlanSimulation extends PlanDraftElement {
  /** @type {Report | null} */
  #report = null;
  #hasFailed = false;

  view() {
    const plan = this.draft ?? this.plan;
    if (!plan) return null;
    return [
      h(
        'section',
        { class: 'card', key: 'form' },
        h('h2', null, t('office.plan.simulate')),
        h('p', { class: 'hint' }, t('office.plan.simulate_hint')),
        custom('ev-form', {
          class: 'form-columns',
          '.fields': planFields(plan, this.limits.value),
          '.submitLabel': t('office.plan.simulate_run'),
          '.changed': (/** @type {Values} */ values) => this.change(values),
          '.send': (/** @type {Values} */ values) => this.#simulate(values),
          '.done': (/** @type {Report | null} */ report) => this.#show(report),
        }),
      ),
      this.#report ? result(this.#report) : null,
      this.#hasFailed ? h('p', { class: 'notice bad', role: 'alert' }, t('office.plan.simulate_failed')) : null,
    ];
  }

  /**
   * The report, at once or, of a large tree, when the simulation has ended; null when it failed.
   * @param {Values} values
   * @returns {Promise<Report | null>}
   */
  async #simulate(values) {
    const answer = await post('/api/v1/plan/simulate', { plan: planOf(values) });
    if (!('state' in answer)) return answer;
    const task = /** @type {import('./long-task.js').Simulation} */ (/** @type {unknown} */ (answer));
    return (await followSimulation(task, this.signal)).result ?? null;
  }

  /** @param {Report | null} report */
  #show(report) {
    this.#report = report;
    this.#hasFailed = report === null;
    this.update();
    requestAnimationFrame(() => this.querySelector('.result')?.scrollIntoView({ block: 'start' }));
  }
}

/** @param {Report} report */
function result({ live, candidate, members_better_off: better, members_worse_off: worse, journal_entries: entries }) {
  return h(
    'div',
    { class: 'stack result', role: 'status', key: 'result' },
    card(
      t('office.plan.result'),
      h('p', null, t('office.plan.better_off', { count: better })),
      h('p', null, t('office.plan.worse_off', { count: worse })),
      h('p', { class: 'hint' }, t('office.plan.entries', { count: entries })),
      comparison(live, candidate),
    ),
    card(t('office.plan.by_month'), chart(live.months, candidate.months)),
  );
}

/**
 * @param {Report['live']} live
 * @param {Report['candidate']} candidate
 */
function comparison(live, candidate) {
  const rows = [
    ...COUNTS.map((name) => countRow(t(`office.plan.total.${name}`), live.total[name], candidate.total[name])),
    ...AMOUNTS.map((name) => amountRow(t(`office.plan.total.${name}`), live.total[name], candidate.total[name])),
    countRow(t('office.plan.total.earners'), live.earners, candidate.earners),
    amountRow(t('office.plan.total.top_net'), live.top_earners_net, candidate.top_earners_net),
    [t('office.plan.total.top_share'), `${live.top_earners_share} %`, `${candidate.top_earners_share} %`, ''],
    countRow(t('office.plan.total.carried'), live.carried_pairs, candidate.carried_pairs),
  ];
  const columns = ['office.plan.term', 'office.plan.before', 'office.plan.after', 'office.plan.difference'];
  return dataTable(
    t('office.plan.result'),
    columns.map((key) => t(key)),
    rows,
  );
}

/**
 * @param {string} name
 * @param {number} before
 * @param {number} after
 */
const countRow = (name, before, after) => [name, number(before), number(after), signedNumber(after - before)];

/** @param {number} value */
const signedNumber = (value) => (value > 0 ? `+${number(value)}` : number(value));

/**
 * @param {string} name
 * @param {string} before
 * @param {string} after
 */
const amountRow = (name, before, after) => [
  name,
  money(before),
  money(after),
  signedMoney(amountOf(paise(after) - paise(before))),
];

/**
 * @param {Report['live']['months']} before
 * @param {Report['live']['months']} after
 */
function chart(before, after) {
  const months = [...new Set([...before, ...after].map(({ month }) => month))].sort();
  const nets = (/** @type {Report['live']['months']} */ of) => {
    const byMonth = new Map(of.map(({ month, net }) => [month, net]));
    return months.map((month) => byMonth.get(month) ?? '0.00');
  };
  const series = (/** @type {string} */ label, /** @type {string[]} */ values) => ({
    label,
    values: values.map(Number),
    texts: values.map(money),
  });
  return custom('ev-chart', {
    '.caption': t('office.plan.total.net'),
    '.kind': 'bar',
    '.labels': months.map(monthName),
    '.axis': shortMoney,
    '.series': [series(t('office.plan.before'), nets(before)), series(t('office.plan.after'), nets(after))],
  });
}

customElements.define('ev-plan-simulation', PlanSimulation);
