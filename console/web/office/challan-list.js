// `<ev-challan-list>`: the deposits of deducted tax in a financial year, the record of the next one, and the
// correction or cancellation of a wrong one.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { get, post } from '../shell/api.js';
import { amountInput, amountText } from '../shell/form.js';
import { tag } from '../shell/parts.js';
import { Resource, show } from '../shell/resource.js';
import { date, money, today } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { actionBar, actionButton, reasonField, runAction } from './actions.js';

import { showChallanHistory } from './challan-history.js';
import { dataTable } from './data-table.js';
import { filterForm } from './filter-form.js';
import { QUARTERS, financialYears } from './financial-years.js';

const digits = (/** @type {number} */ count) => ({
  inputmode: 'numeric',
  maxlength: count,
  pattern: `[0-9]{${count}}`,
  autocomplete: 'off',
});

/** @typedef {import('../shell/api.js').Answer<'get', '/api/v1/compliance/challans'>['items'][number]} Challan */

const body = (/** @type {import('../shell/form.js').Values} */ values) => {
  const { fy = '', quarter = '', bsr = '', serial = '', date: day = '', amount = '' } = values;
  const known = QUARTERS.find((one) => one === quarter) ?? 'Q1';
  return { fy, quarter: known, bsr, serial, date: day, amount: amountText(amount) };
};

class ChallanList extends ViewElement {
  #year = financialYears()[0] ?? '';
  #challans = new Resource(this, (signal) => get('/api/v1/compliance/challans', { query: { fy: this.#year }, signal }));

  start() {
    void this.#challans.load();
  }

  view() {
    const years = financialYears().map((value) => ({ value, label: value }));
    return [
      h('p', { class: 'hint' }, t('office.challan.about')),
      actionBar(actionButton(t('office.challan.add'), () => this.#add(), 'primary')),
      filterForm(
        [{ name: 'fy', label: t('tax.year'), type: 'select', choices: years }],
        { fy: this.#year },
        ({ fy = '' }) => {
          this.#year = fy;
          void this.#challans.load();
        },
      ),
      show(this.#challans, ({ items, total_amount: total }) =>
        items.length > 0
          ? dataTable(
              t('office.challan.title'),
              ['branch', 'date', 'serial', 'quarter', 'amount', 'steps'].map((name) => t(`office.challan.${name}`)),
              items.map((challan) => [
                challan.bsr,
                date(challan.date),
                challan.serial,
                t(`office.tax.quarter.${challan.quarter}`),
                money(challan.amount),
                this.#steps(challan),
              ]),
              [t('office.challan.total'), '', '', '', money(total), ''],
            )
          : h('p', { class: 'empty' }, t('office.challan.empty')),
      ),
    ];
  }

  /** @param {Challan} challan */
  #steps(challan) {
    const steps = [
      challan.cancelled_at ? tag(t('office.challan.cancelled')) : null,
      challan.cancelled_at ? null : actionButton(t('office.challan.correct'), () => this.#correct(challan)),
      challan.cancelled_at ? null : actionButton(t('office.challan.cancel'), () => this.#cancel(challan), 'danger'),
      challan.revision > 1 ? actionButton(t('office.challan.history'), () => showChallanHistory(challan.id)) : null,
    ];
    return actionBar(...steps);
  }

  /** @param {Challan} challan */
  async #correct(challan) {
    const corrected = await runAction({
      title: t('office.challan.correct'),
      label: t('office.challan.correct'),
      isDestructive: true,
      fields: [...this.#fields(challan), reasonField(t('office.challan.reason_hint'))],
      effects: ({ amount = '', fy = '', quarter = '' }) => [
        t('office.challan.effect', {
          amount: money(amountText(amount)),
          quarter: t(`office.tax.quarter.${quarter}`),
          year: fy,
        }),
        t('office.challan.change_effect'),
        t('office.challan.filed_effect'),
      ],
      act: ({ reason = '', ...values }) =>
        post('/api/v1/compliance/challans/{id}/correct', { ...body(values), reason }, { params: { id: challan.id } }),
    });
    if (!corrected) return;
    this.#year = corrected.fy;
    void this.#challans.load();
  }

  /** @param {Challan} challan */
  async #cancel(challan) {
    const cancelled = await runAction({
      title: t('office.challan.cancel'),
      label: t('office.challan.cancel'),
      isDestructive: true,
      fields: [reasonField(t('office.challan.reason_hint'))],
      effects: () => [
        t('office.challan.cancel_effect', { amount: money(challan.amount), serial: challan.serial }),
        t('office.challan.change_effect'),
        t('office.challan.filed_effect'),
      ],
      act: ({ reason = '' }) =>
        post('/api/v1/compliance/challans/{id}/cancel', { reason }, { params: { id: challan.id } }),
    });
    if (cancelled) void this.#challans.load();
  }

  async #add() {
    const added = await runAction({
      title: t('office.challan.add'),
      label: t('office.challan.add'),
      isDestructive: true,
      fields: this.#fields(),
      effects: ({ amount = '', fy = '', quarter = '' }) => [
        t('office.challan.effect', {
          amount: money(amountText(amount)),
          quarter: t(`office.tax.quarter.${quarter}`),
          year: fy,
        }),
        t('office.challan.final_effect'),
      ],
      act: (values, key) => post('/api/v1/compliance/challans', body(values), { key }),
    });
    if (!added) return;
    this.#year = added.fy;
    void this.#challans.load();
  }

  /**
   * @param {Challan} [challan] what is recorded, for a correction
   * @returns {import('../shell/form.js').Field[]}
   */
  #fields(challan) {
    const choices = (/** @type {readonly string[]} */ values) => values.map((value) => ({ value, label: value }));
    return [
      {
        name: 'fy',
        label: t('tax.year'),
        type: 'select',
        value: challan?.fy ?? this.#year,
        choices: choices(financialYears()),
      },
      {
        name: 'quarter',
        label: t('office.challan.quarter'),
        type: 'select',
        value: challan?.quarter ?? '',
        choices: QUARTERS.map((value) => ({ value, label: t(`office.tax.quarter.${value}`) })),
      },
      {
        name: 'bsr',
        label: t('office.challan.branch'),
        hint: t('office.challan.branch_hint'),
        value: challan?.bsr ?? '',
        input: digits(7),
      },
      {
        name: 'serial',
        label: t('office.challan.serial'),
        hint: t('office.challan.serial_hint'),
        value: challan?.serial ?? '',
        input: digits(5),
      },
      {
        name: 'date',
        label: t('office.challan.date'),
        type: 'date',
        value: challan?.date ?? '',
        input: { max: today() },
      },
      { name: 'amount', label: t('office.challan.amount'), value: challan?.amount ?? '', input: amountInput() },
    ];
  }
}

customElements.define('ev-challan-list', ChallanList);
