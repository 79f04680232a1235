// `<ev-vehicles-page>`: the catalogue of vehicles on sale, by model.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { get, readAll } from '../shell/api.js';
import { Resource, show } from '../shell/resource.js';
import { tag } from '../shell/parts.js';
import { money, number } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { fullName, picture, vehicleName, vehicleOptions } from './vehicle-name.js';

/** @typedef {Awaited<ReturnType<typeof readVehicles>>[number]} Vehicle */

/** @param {AbortSignal} signal */
const readVehicles = (signal) =>
  readAll((cursor) => get('/api/v1/vehicles', { query: { cursor, limit: 100 }, signal }));

class VehiclesPage extends ViewElement {
  #vehicles = new Resource(this, readVehicles);

  start() {
    void this.#vehicles.load();
  }

  view() {
    return h('div', { class: 'page' }, h('h1', null, t('vehicles.title')), show(this.#vehicles, catalogue));
  }
}

/** @param {Vehicle[]} vehicles */
function catalogue(vehicles) {
  if (vehicles.length === 0) return h('p', { class: 'empty' }, t('vehicles.empty'));
  /** @type {Map<string, Vehicle[]>} */
  const models = new Map();
  for (const vehicle of vehicles) models.set(vehicle.model, [...(models.get(vehicle.model) ?? []), vehicle]);
  return [...models].map(([model, variants]) =>
    h(
      'section',
      { class: 'stack', key: model, 'aria-label': model },
      h('h2', null, model),
      h('ul', { class: 'cards' }, variants.map(entry)),
    ),
  );
}

/** @param {Vehicle} vehicle */
function entry(vehicle) {
  const { id, price, in_stock: isInStock, left, pictures } = vehicle;
  const name = vehicleName(vehicle);
  const options = vehicleOptions(vehicle);
  return h(
    'li',
    { class: 'card vehicle', key: id },
    pictures[0] ? picture(pictures[0], name) : custom('ev-icon', { name: 'vehicle' }),
    h('h3', null, name),
    options ? h('p', { class: 'hint' }, options) : null,
    h('p', { class: 'figure' }, money(price)),
    isInStock && left ? tag(t('vehicles.left', { count: number(left) }), 'warn') : null,
    isInStock
      ? h(
          'a',
          {
            class: 'button primary',
            href: `/vehicles/${id}`,
            'aria-label': t('vehicles.book_name', { name: fullName(vehicle) }),
          },
          t('vehicles.book'),
        )
      : tag(t('vehicles.sold_out'), 'plain'),
  );
}

customElements.define('ev-vehicles-page', VehiclesPage);
