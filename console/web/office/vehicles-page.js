// `<ev-office-vehicles-page>`: the catalogue of vehicles, with those that are not on sale, and a new one.

import { h } from '../shell/view.js';
import { pageList } from '../shell/page-list.js';
import { get, post } from '../shell/api.js';
import { amountInput, amountText } from '../shell/form.js';
import { tag } from '../shell/parts.js';
import { isAdmin } from '../shell/session.js';
import { money } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { vehicleName, vehicleOptions } from '../member/vehicle-name.js';
import { actionButton, runAction } from './actions.js';
import { optionFields, stockText } from './vehicle-actions.js';
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
        isAdmin() ? actionButton(t('office.vehicle.add'), () => this.#add(), 'primary') : null,
      ),
      pageList({
        caption: t('office.vehicles.title'),
        empty: t('vehicles.empty'),
        columns: this.#columns(),
        rowKey: (vehicle) => vehicle.id,
        link: (vehicle) => `/office/vehicles/${vehicle.id}`,
        read: ({ signal, ...page }) => get('/api/v1/vehicles/all', { query: page, signal }),
      }),
    );
  }

  /** @returns {import('./columns.js').Column<Vehicle>[]} */
  #columns() {
    return [
      { label: t('booking.vehicle'), cell: (vehicle) => twoLines(vehicleName(vehicle), vehicleOptions(vehicle)) },
      moneyColumn(t('booking.price'), (vehicle) => vehicle.price),
      {
        label: t('booking.status'),
        cell: ({ is_active: isOnSale }) =>
          isOnSale ? tag(t('office.vehicle.on_sale'), 'good') : tag(t('office.vehicle.off_sale'), 'plain'),
        isWide: true,
      },
      { label: t('office.vehicle.stock'), cell: stockText },
    ];
  }

  async #add() {
    const answer = await runAction({
      title: t('office.vehicle.add'),
      label: t('office.vehicle.add'),
      fields: [
        { name: 'model', label: t('office.vehicle.model'), input: { maxlength: 100, autocomplete: 'off' } },
        { name: 'variant', label: t('office.vehicle.variant'), input: { maxlength: 100, autocomplete: 'off' } },
        ...optionFields({}),
        { name: 'price', label: t('office.vehicle.price_field'), input: amountInput() },
      ],
      effects: ({ model, variant, price = '' }) => [
        t('office.vehicle.add_effect', { name: `${model} ${variant}`, price: money(amountText(price)) }),
      ],
      act: ({ model = '', variant = '', price = '', colour = '', battery = '', hsn = '' }, key) => {
        const options = { colour: colour || null, battery: battery || null, hsn: hsn || null };
        return post('/api/v1/vehicles', { model, variant, ...options, price: amountText(price) }, { key });
      },
    });
    if (answer) this.reload();
  }
}

customElements.define('ev-office-vehicles-page', VehiclesPage);
