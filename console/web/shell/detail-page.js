// Frame of a page about one object: the way back, and its content.

import { h } from './view.js';
import { show } from './resource.js';

/** @typedef {import('./view.js').Child} Child */

/**
 * `title` is the heading while the object loads, and when it cannot be had; `ready` has a heading of its own.
 * @template T
 * @param {{back?: Child, title: string}} frame
 * @param {import('./resource.js').Resource<T>} resource
 * @param {(value: T) => Child} ready
 */
export const detailPage = ({ back, title }, resource, ready) =>
  h('div', { class: 'page' }, back, resource.value === undefined ? h('h1', null, title) : null, show(resource, ready));
