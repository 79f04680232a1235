// `<ev-challan-list>`: the deposits of deducted tax in a financial year, and the record of the next one.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { get, post } from '../shell/api.js';
import { amountInput, amountText } from '../shell/form.js';
import { Resource, show } from '../shell/resource.js';
import { date, money, today } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { actionBar, actionButton, runAction } from './actions.js';
import { dataTable } from './data-table.js';
import { filterForm } from './filter-form.js';
import { QUARTERS, financialYears } from './financial-years.js';

const digits = (/** @type {number} */ count) => ({
  inputmode: 'numeric',
  maxlength: count,
  pattern: `[0-9]{${count}}`,
  autocomplete: 'off',
});

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
              ['branch', 'date', 'serial', 'quarter', 'amount'].map((name) => t(`office.challan.${name}`)),
              items.map(({ bsr, date: day, serial, quarter, amount }) => [
                bsr,
                date(day),
                serial,
                t(`office.tax.quarter.${quarter}`),
                money(amount),
              ]),
              [t('office.challan.total'), '', '', '', money(total)],
            )
          : h('p', { class: 'empty' }, t('office.challan.empty')),
      ),
    ];
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
      act: ({ fy = '', quarter = '', bsr = '', serial = '', date: day = '', amount = '' }, key) =>
        post(
          '/api/v1/compliance/challans',
          {
            fy,
            quarter: QUARTERS.find((known) => known === quarter) ?? 'Q1',
            bsr,
            serial,
            date: day,
            amount: amountText(amount),
          },
          { key },
        ),
    });
    if (!added) return;
    this.#year = added.fy;
    void this.#challans.load();
  }

  /** @returns {import('../shell/form.js').Field[]} */
  #fields() {
    const choices = (/** @type {readonly string[]} */ values) => values.map((value) => ({ value, label: value }));
    return [
      { name: 'fy', label: t('tax.year'), type: 'select', value: this.#year, choices: choices(financialYears()) },
      {
        name: 'quarter',
        label: t('office.challan.quarter'),
        type: 'select',
        choices: QUARTERS.map((value) => ({ value, label: t(`office.tax.quarter.${value}`) })),
      },
      { name: 'bsr', label: t('office.challan.branch'), hint: t('office.challan.branch_hint'), input: digits(7) },
      { name: 'serial', label: t('office.challan.serial'), hint: t('office.challan.serial_hint'), input: digits(5) },
      { name: 'date', label: t('office.challan.date'), type: 'date', input: { max: today() } },
      { name: 'amount', label: t('office.challan.amount'), input: amountInput() },
    ];
  }
}

customElements.define('ev-challan-list', ChallanList);
