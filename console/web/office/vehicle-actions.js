// What the office changes of a vehicle: its price, its options, its stock, and the begin and end of its sale.

import { h } from '../shell/view.js';
import { patch, post } from '../shell/api.js';
import { amountInput, amountText } from '../shell/form.js';
import { money, number } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { fullName } from '../member/vehicle-name.js';
import { runAction } from './actions.js';

/** @typedef {import('./columns.js').Row<'/api/v1/vehicles/all'>} Vehicle */

/** @param {Vehicle} vehicle */
export const stockText = ({ stock }) =>
  stock
    ? t('office.vehicle.stock_count', { available: number(stock.available), on_hand: number(stock.on_hand) })
    : h('span', { class: 'hint' }, t('office.vehicle.stock_uncounted'));

/** @param {Vehicle} vehicle */
export function changePrice(vehicle) {
  const { id, price: before } = vehicle;
  return runAction({
    title: t('office.vehicle.price_name', { name: fullName(vehicle) }),
    label: t('office.vehicle.price'),
    fields: [{ name: 'price', label: t('office.vehicle.price_field'), value: before, input: amountInput() }],
    effects: ({ price = '' }) => [
      t('office.vehicle.price_effect', { before: money(before), after: money(amountText(price)) }),
      t('office.vehicle.bookings_effect'),
    ],
    act: ({ price = '' }, key) => patch('/api/v1/vehicles/{id}', { price: amountText(price) }, { params: { id }, key }),
  });
}

/** @param {Vehicle} vehicle */
export function changeOptions(vehicle) {
  const { id } = vehicle;
  return runAction({
    title: t('office.vehicle.options_name', { name: fullName(vehicle) }),
    label: t('office.vehicle.options'),
    fields: optionFields(vehicle),
    effects: ({ colour = '', battery = '' }) => [
      t('office.vehicle.options_effect', { name: fullName({ ...vehicle, colour, battery }) }),
      t('office.vehicle.names_effect'),
    ],
    act: ({ colour = '', battery = '', hsn = '' }, key) =>
      patch('/api/v1/vehicles/{id}', { colour, battery, hsn }, { params: { id }, key }),
  });
}

/** @param {Vehicle} vehicle */
export function adjustStock(vehicle) {
  const { id, stock } = vehicle;
  const before = stock?.on_hand ?? 0;
  return runAction({
    title: t('office.vehicle.adjust_name', { name: fullName(vehicle) }),
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
}

/** @param {Vehicle} vehicle */
export function endCounting(vehicle) {
  const { id } = vehicle;
  return runAction({
    title: t('office.vehicle.uncount_name', { name: fullName(vehicle) }),
    label: t('office.vehicle.uncount'),
    isDestructive: true,
    effects: () => [t('office.vehicle.uncount_effect')],
    act: (_, key) => patch('/api/v1/vehicles/{id}', { is_stock_counted: false }, { params: { id }, key }),
  });
}

/**
 * @param {Vehicle} vehicle
 * @param {'begin' | 'end'} change
 */
export function sell(vehicle, change) {
  const { id, price } = vehicle;
  return runAction({
    title: saleTitle(change, fullName(vehicle)),
    label: t(`office.vehicle.${change}`),
    isDestructive: change === 'end',
    effects: () => [t(`office.vehicle.${change}_effect`, { price: money(price) }), t('office.vehicle.bookings_effect')],
    act: (_, key) => patch('/api/v1/vehicles/{id}', { is_active: change === 'begin' }, { params: { id }, key }),
  });
}

/**
 * @param {'begin' | 'end'} change
 * @param {string} name
 */
const saleTitle = (change, name) => t(`office.vehicle.${change}_name`, { name });

/**
 * @param {{colour?: string | null, battery?: string | null, hsn?: string | null}} vehicle
 * @returns {import('./actions.js').Field[]}
 */
export const optionFields = ({ colour, battery, hsn }) => [
  optionField('colour', colour, { maxlength: 40 }),
  optionField('battery', battery, { maxlength: 40 }),
  optionField('hsn', hsn, { maxlength: 8, inputmode: 'numeric', pattern: '[0-9]{4}|[0-9]{6}|[0-9]{8}' }),
];

/**
 * @param {'colour' | 'battery' | 'hsn'} name
 * @param {string | null | undefined} value
 * @param {Record<string, unknown>} input
 */
const optionField = (name, value, input) => ({
  name,
  label: t(`vehicle.${name}`),
  hint: t(`vehicle.${name}_hint`),
  value: value ?? '',
  isOptional: true,
  input: { autocomplete: 'off', ...input },
});
