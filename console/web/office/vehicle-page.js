// `<ev-office-vehicle-page>`: one vehicle of the catalogue, what the office can do with it, and its pictures.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { get, readAll, remove } from '../shell/api.js';
import { detailPage } from '../shell/detail-page.js';
import { backLink, card, pairs, tag } from '../shell/parts.js';
import { Resource } from '../shell/resource.js';
import { isAdmin } from '../shell/session.js';
import { money } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { fullName, picture, vehicleName } from '../member/vehicle-name.js';
import { actionBar, actionButton, runAction } from './actions.js';
import { adjustStock, changeOptions, changePrice, endCounting, sell, stockText } from './vehicle-actions.js';
import './picture-upload.js';

/** @typedef {Awaited<ReturnType<typeof readVehicle>>} Vehicle */

/**
 * @param {string} id
 * @param {AbortSignal} signal
 */
async function readVehicle(id, signal) {
  const [vehicle, all] = await Promise.all([
    get('/api/v1/vehicles/{id}', { params: { id }, signal }),
    readAll((cursor) => get('/api/v1/vehicles/all', { query: { cursor, limit: 500 }, signal })),
  ]);
  return all.find((other) => other.id === vehicle.id) ?? { ...vehicle, stock: null, hsn: null };
}

class VehiclePage extends ViewElement {
  /** @type {Record<string, string>} */
  params = {};
  #vehicle = new Resource(this, (signal) => readVehicle(this.params['id'] ?? '', signal));

  start() {
    void this.#vehicle.load();
  }

  view() {
    return detailPage(
      { back: backLink('/office/vehicles', t('office.vehicles.title')), title: t('booking.vehicle') },
      this.#vehicle,
      (vehicle) => this.#content(vehicle),
    );
  }

  /** @param {Vehicle} vehicle */
  #content(vehicle) {
    const { id, pictures } = vehicle;
    return [
      h(
        'div',
        { class: 'page-head' },
        h('h1', null, vehicleName(vehicle)),
        vehicle.is_active ? tag(t('office.vehicle.on_sale'), 'good') : tag(t('office.vehicle.off_sale'), 'plain'),
      ),
      card(
        t('booking.vehicle'),
        pairs([
          [t('vehicle.colour'), vehicle.colour],
          [t('vehicle.battery'), vehicle.battery],
          [t('vehicle.hsn'), vehicle.hsn],
          [t('booking.price'), money(vehicle.price)],
          [t('office.vehicle.stock'), stockText(vehicle)],
        ]),
        this.#actions(vehicle),
      ),
      card(
        t('office.pictures.title'),
        pictures.length > 0
          ? h(
              'ul',
              { class: 'cards' },
              pictures.map((url, at) => this.#picture(vehicle, url, at + 1)),
            )
          : h('p', { class: 'hint' }, t('office.pictures.empty')),
        custom('ev-picture-upload', { '.vehicleId': id, '.done': () => this.#vehicle.load() }),
      ),
    ];
  }

  /** @param {Vehicle} vehicle */
  #actions(vehicle) {
    /**
     * @param {'price' | 'options' | 'adjust' | 'uncount' | 'begin' | 'end'} action
     * @param {() => Promise<unknown>} run
     * @param {'danger'} [look]
     */
    const button = (action, run, look) =>
      actionButton(t(`office.vehicle.${action}`), async () => (await run()) && this.#vehicle.load(), look);
    const isAdministrator = isAdmin();
    return actionBar(
      isAdministrator && vehicle.stock ? button('uncount', () => endCounting(vehicle), 'danger') : null,
      isAdministrator && vehicle.is_active ? button('end', () => sell(vehicle, 'end'), 'danger') : null,
      isAdministrator && !vehicle.is_active ? button('begin', () => sell(vehicle, 'begin')) : null,
      isAdministrator ? button('price', () => changePrice(vehicle)) : null,
      isAdministrator ? button('options', () => changeOptions(vehicle)) : null,
      button('adjust', () => adjustStock(vehicle)),
    );
  }

  /**
   * @param {Vehicle} vehicle
   * @param {string} url
   * @param {number} place
   */
  #picture(vehicle, url, place) {
    const name = fullName(vehicle);
    return h(
      'li',
      { class: 'stack-small', key: url },
      picture(url, name, place),
      actionButton(
        t('office.pictures.remove'),
        () => this.#remove(vehicle, url, place),
        'danger',
        t('office.pictures.remove_name', { place, name }),
      ),
    );
  }

  /**
   * @param {Vehicle} vehicle
   * @param {string} url
   * @param {number} place
   */
  async #remove(vehicle, url, place) {
    const n = url.split('/').at(-1) ?? '';
    const answer = await runAction({
      title: t('office.pictures.remove_name', { place, name: fullName(vehicle) }),
      label: t('office.pictures.remove'),
      isDestructive: true,
      effects: () => [t('office.pictures.remove_effect')],
      act: async (_, key) => {
        await remove('/api/v1/vehicles/{id}/pictures/{n}', { params: { id: vehicle.id, n }, key });
        return true;
      },
    });
    if (answer) await this.#vehicle.load();
  }
}

customElements.define('ev-office-vehicle-page', VehiclePage);
