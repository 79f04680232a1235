// `<ev-office-vehicles-page>`: the catalogue of vehicles: a new one, another price, the stock, and the begin and end of a
// sale.

import { h } from '../shell/view.js';
import { pageList } from '../shell/page-list.js';
import { get, patch, post } from '../shell/api.js';
import { amountInput, amountText } from '../shell/form.js';
import { tag } from '../shell/parts.js';
import { money, number } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { actionButton, runAction } from './actions.js';
import { moneyColumn, twoLines } from './columns.js';
import { ListPageElement, pageHead } from './list-page.js';

/** @typedef {import('./columns.js').Row<'/api/v1/vehicles/all'>} Vehicle */

class VehiclesPage extends ListPageElement {
  view() {
    return h(
      'div',
      { class: 'page' },
      pageHead(
        t('office.vehicles.title'),
        actionButton(t('office.vehicle.add'), () => this.#add(), 'primary'),
      ),
      pageList({
        caption: t('office.vehicles.title'),
        empty: t('vehicles.empty'),
        columns: this.#columns(),
        rowKey: (vehicle) => vehicle.id,
        read: ({ signal, ...page }) => get('/api/v1/vehicles/all', { query: page, signal }),
      }),
    );
  }

  /** @returns {import('./columns.js').Column<Vehicle>[]} */
  #columns() {
    return [
      { label: t('booking.vehicle'), cell: (vehicle) => twoLines(vehicle.model, vehicle.variant) },
      moneyColumn(t('booking.price'), (vehicle) => vehicle.price),
      {
        label: t('booking.status'),
        cell: ({ is_active: isOnSale }) =>
          isOnSale ? tag(t('office.vehicle.on_sale'), 'good') : tag(t('office.vehicle.off_sale'), 'plain'),
        isWide: true,
      },
      { label: t('office.vehicle.stock'), cell: stockCell },
      {
        label: t('office.vehicle.change'),
        cell: (vehicle) => {
          const name = nameOf(vehicle);
          return h(
            'span',
            { class: 'cell-actions' },
            actionButton(
              t('office.vehicle.price'),
              () => this.#changePrice(vehicle),
              undefined,
              t('office.vehicle.price_name', { name }),
            ),
            actionButton(
              t('office.vehicle.adjust'),
              () => this.#adjustStock(vehicle),
              undefined,
              t('office.vehicle.adjust_name', { name }),
            ),
            vehicle.stock
              ? actionButton(
                  t('office.vehicle.uncount'),
                  () => this.#endCounting(vehicle),
                  'danger',
                  t('office.vehicle.uncount_name', { name }),
                )
              : null,
            vehicle.is_active
              ? actionButton(
                  t('office.vehicle.end'),
                  () => this.#sell(vehicle, 'end'),
                  'danger',
                  saleTitle('end', name),
                )
              : actionButton(
                  t('office.vehicle.begin'),
                  () => this.#sell(vehicle, 'begin'),
                  undefined,
                  saleTitle('begin', name),
                ),
          );
        },
      },
    ];
  }

  async #add() {
    const answer = await runAction({
      title: t('office.vehicle.add'),
      label: t('office.vehicle.add'),
      fields: [
        { name: 'model', label: t('office.vehicle.model'), input: { maxlength: 100, autocomplete: 'off' } },
        { name: 'variant', label: t('office.vehicle.variant'), input: { maxlength: 100, autocomplete: 'off' } },
        { name: 'price', label: t('office.vehicle.price_field'), input: amountInput() },
      ],
      effects: ({ model, variant, price = '' }) => [
        t('office.vehicle.add_effect', { name: `${model} ${variant}`, price: money(amountText(price)) }),
      ],
      act: ({ model = '', variant = '', price = '' }, key) =>
        post('/api/v1/vehicles', { model, variant, price: amountText(price) }, { key }),
    });
    if (answer) this.reload();
  }

  /** @param {Vehicle} vehicle */
  async #changePrice(vehicle) {
    const { id, price: before } = vehicle;
    const answer = await runAction({
      title: t('office.vehicle.price_name', { name: nameOf(vehicle) }),
      label: t('office.vehicle.price'),
      fields: [{ name: 'price', label: t('office.vehicle.price_field'), value: before, input: amountInput() }],
      effects: ({ price = '' }) => [
        t('office.vehicle.price_effect', { before: money(before), after: money(amountText(price)) }),
        t('office.vehicle.bookings_effect'),
      ],
      act: ({ price = '' }, key) =>
        patch('/api/v1/vehicles/{id}', { price: amountText(price) }, { params: { id }, key }),
    });
    if (answer) this.reload();
  }

  /** @param {Vehicle} vehicle */
  async #adjustStock(vehicle) {
    const { id, stock } = vehicle;
    const before = stock?.on_hand ?? 0;
    const answer = await runAction({
      title: t('office.vehicle.adjust_name', { name: nameOf(vehicle) }),
      label: t('office.vehicle.adjust'),
      fields: [
        {
          name: 'change',
          label: t('office.vehicle.adjust_change'),
          hint: t('office.vehicle.adjust_hint'),
          type: 'number',
          input: { step: 1, required: true, inputmode: 'numeric' },
        },
        { name: 'reason', label: t('office.vehicle.adjust_reason'), input: { maxlength: 500, required: true } },
      ],
      effects: ({ change = '' }) => [
        t('office.vehicle.adjust_effect', { before: number(before), after: number(before + Number(change)) }),
      ],
      act: ({ change = '', reason = '' }, key) =>
        post('/api/v1/vehicles/{id}/stock-adjustments', { change: Number(change), reason }, { params: { id }, key }),
    });
    if (answer) this.reload();
  }

  /** @param {Vehicle} vehicle */
  async #endCounting(vehicle) {
    const { id } = vehicle;
    const answer = await runAction({
      title: t('office.vehicle.uncount_name', { name: nameOf(vehicle) }),
      label: t('office.vehicle.uncount'),
      isDestructive: true,
      effects: () => [t('office.vehicle.uncount_effect')],
      act: (_, key) => patch('/api/v1/vehicles/{id}', { is_stock_counted: false }, { params: { id }, key }),
    });
    if (answer) this.reload();
  }

  /**
   * @param {Vehicle} vehicle
   * @param {'begin' | 'end'} change
   */
  async #sell(vehicle, change) {
    const { id, price } = vehicle;
    const answer = await runAction({
      title: saleTitle(change, nameOf(vehicle)),
      label: t(`office.vehicle.${change}`),
      isDestructive: change === 'end',
      effects: () => [
        t(`office.vehicle.${change}_effect`, { price: money(price) }),
        t('office.vehicle.bookings_effect'),
      ],
      act: (_, key) => patch('/api/v1/vehicles/{id}', { is_active: change === 'begin' }, { params: { id }, key }),
    });
    if (answer) this.reload();
  }
}

/** @param {Vehicle} vehicle */
const stockCell = ({ stock }) =>
  stock
    ? t('office.vehicle.stock_count', { available: number(stock.available), on_hand: number(stock.on_hand) })
    : h('span', { class: 'hint' }, t('office.vehicle.stock_uncounted'));

/**
 * @param {'begin' | 'end'} change
 * @param {string} name
 */
const saleTitle = (change, name) => t(`office.vehicle.${change}_name`, { name });

/** @param {Vehicle} vehicle */
const nameOf = ({ model, variant }) => `${model} ${variant}`;

customElements.define('ev-office-vehicles-page', VehiclesPage);
