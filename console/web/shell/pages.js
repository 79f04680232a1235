// Table of the console's pages: address, element, who may see it, and its place in the navigation.
//
// The first match counts, so a fixed address stands before a variable one. Staff see the office first.

import { memberPages } from '../member/pages.js';
import { officePages } from '../office/pages.js';

/**
 * `alias` is a second address, to which the navigation of staff leads. `title` and `group` are keys of texts; a page
 * without `group` is not in the navigation, and `parent` is the page there to which it belongs when its address does
 * not say so. `load` imports the element.
 * @typedef {{
 *   path: string,
 *   alias?: string,
 *   element: `${string}-${string}`,
 *   load: () => Promise<unknown>,
 *   access: 'public' | 'member' | 'staff' | 'admin',
 *   title: string,
 *   icon?: string,
 *   group?: string,
 *   parent?: string,
 *   queue?: string,
 * }} Page
 */

/** @type {readonly Page[]} */
export const pages = [...officePages, ...memberPages];
