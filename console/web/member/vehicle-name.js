// The name of a vehicle, its options, and its pictures.

import { h } from '../shell/view.js';
import { t } from '../i18n/i18n.js';

/** @typedef {{model: string, variant: string, colour?: string | null, battery?: string | null}} Named */

/** @param {Named} vehicle */
export const vehicleName = ({ model, variant }) => `${model} ${variant}`;

/**
 * Colour and battery, those that it has.
 * @param {Named} vehicle
 */
export const vehicleOptions = ({ colour, battery }) => [colour, battery].filter(Boolean).join(' · ');

/**
 * The name with its options, by which the variants of a model differ.
 * @param {Named} vehicle
 */
export const fullName = (vehicle) => [vehicleName(vehicle), vehicle.colour, vehicle.battery].filter(Boolean).join(', ');

/**
 * @param {string} url
 * @param {string} name of the vehicle
 * @param {number} place of the picture, from 1
 */
export const picture = (url, name, place = 1) =>
  h('img', { class: 'picture', src: url, alt: t('vehicles.picture', { name, place }), loading: 'lazy', key: url });

/**
 * All pictures of a vehicle side by side.
 * @param {readonly string[]} urls
 * @param {string} name
 */
export const gallery = (urls, name) =>
  urls.length > 0
    ? h(
        'div',
        { class: 'gallery' },
        urls.map((url, at) => picture(url, name, at + 1)),
      )
    : null;
