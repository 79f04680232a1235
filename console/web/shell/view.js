// View helper: builds DOM nodes, and updates a parent's children to match newly built ones.
//
// `h` makes an element; text is always a text node, so text from people is never markup. `render` keeps the nodes that
// match (same tag and key) and changes only their differences, so focus, selection and scroll positions survive.
// An element with a hyphen in its name renders its own children; `render` sets only its attributes and properties.

/** @typedef {import('../../types/view.d.ts').Child} Child */
/** @typedef {Record<string, unknown>} Attributes */

/** @typedef {Map<string, EventListener>} Listeners */
/** @type {WeakMap<Element, Listeners>} */
const listenersOf = new WeakMap();
/** @type {WeakMap<Element, Map<string, unknown>>} */
const propertiesOf = new WeakMap();

/**
 * Builds an element. An attribute named `onclick` is a listener, `.value` a property, `key` the identity among
 * siblings; `false`, `null` and `undefined` leave an attribute out and `true` makes it empty. In `aria-…` and `data-…`,
 * `true` and `false` are words.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes | null} [attributes]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, attributes, ...children) {
  return /** @type {HTMLElementTagNameMap[Tag]} */ (build(document.createElement(tag), attributes, children));
}

/**
 * Builds a custom element, which renders its own children.
 * @param {`${string}-${string}`} tag
 * @param {Attributes | null} [attributes]
 * @returns {HTMLElement}
 */
export function custom(tag, attributes) {
  return /** @type {HTMLElement} */ (build(document.createElement(tag), attributes, []));
}

/**
 * Builds an SVG element.
 * @param {keyof SVGElementTagNameMap} tag
 * @param {Attributes | null} [attributes]
 * @param {...Child} children
 */
export function svg(tag, attributes, ...children) {
  return build(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

/**
 * @param {Element} element
 * @param {Attributes | null | undefined} attributes
 * @param {Child[]} children
 */
function build(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) setAttribute(element, name, value);
  element.append(...nodes(children));
  return element;
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {unknown} value
 */
function setAttribute(element, name, value) {
  if (name.startsWith('.')) {
    setProperty(element, name.slice(1), value);
  } else if (name.startsWith('on')) {
    if (value) setListener(element, name.slice(2), /** @type {EventListener} */ (value));
  } else if (name === 'key') {
    element.setAttribute('data-key', String(value));
  } else if (/^(aria|data)-/.test(name) && typeof value === 'boolean') {
    element.setAttribute(name, String(value));
  } else if (value !== false && value !== null && value !== undefined) {
    element.setAttribute(name, value === true ? '' : String(value));
  }
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {unknown} value
 */
function setProperty(element, name, value) {
  const properties = propertiesOf.get(element) ?? new Map();
  propertiesOf.set(element, properties.set(name, value));
  Reflect.set(element, name, value);
}

/**
 * Listens with the listener that the last `render` gave.
 * @param {Element} element
 * @param {string} type
 * @param {EventListener} listener
 */
function setListener(element, type, listener) {
  const listeners = listenersOf.get(element) ?? new Map();
  if (!listeners.has(type)) element.addEventListener(type, (event) => listeners.get(type)?.call(element, event));
  listenersOf.set(element, listeners.set(type, listener));
}

/**
 * @param {readonly Child[]} children
 * @returns {Node[]}
 */
function nodes(children) {
  /** @type {Node[]} */
  const flat = [];
  for (const child of children) {
    if (Array.isArray(child)) flat.push(...nodes(child));
    else if (child instanceof Node) flat.push(child);
    else if (child !== null && child !== undefined && child !== false) flat.push(new Text(String(child)));
  }
  return flat;
}

/**
 * Makes the children of `parent` equal to `children`.
 * @param {Element} parent
 * @param {...Child} children
 */
export function render(parent, ...children) {
  reconcile(parent, nodes(children));
}

/**
 * @param {Element} parent
 * @param {Node[]} wanted
 */
function reconcile(parent, wanted) {
  const keyed = new Map();
  for (const child of parent.children) if (keyOf(child)) keyed.set(keyOf(child), child);
  const wantedKeys = new Set(wanted.map(keyOf).filter(Boolean));
  /** @type {Node | null} */
  let place = parent.firstChild;
  for (const node of wanted) {
    const key = keyOf(node);
    /** @type {Node | null | undefined} */
    const old = key ? keyed.get(key) : findUnkeyed(place, node);
    if (!old || !matches(old, node)) {
      parent.insertBefore(node, place);
      continue;
    }
    // What stands before it is removed rather than moving it: a moved element starts anew and loses the focus.
    while (place && place !== old && !wantedKeys.has(keyOf(place))) place = removeAndNext(parent, place);
    if (old === place) place = old.nextSibling;
    else parent.insertBefore(old, place);
    update(old, node);
  }
  while (place) place = removeAndNext(parent, place);
}

/**
 * The node that becomes a node without a key: the one at its place or, as it has a state, the next element of its name.
 * @param {Node | null} place
 * @param {Node} node
 */
function findUnkeyed(place, node) {
  let old = place;
  if (node.nodeName.includes('-')) while (old && !matches(old, node)) old = old.nextSibling;
  return old;
}

/**
 * @param {Element} parent
 * @param {Node} child
 */
function removeAndNext(parent, child) {
  const next = child.nextSibling;
  parent.removeChild(child);
  return next;
}

/** @param {Node} node */
const keyOf = (node) => (node instanceof Element ? node.getAttribute('data-key') : null);

/**
 * @param {Node} old
 * @param {Node} node
 */
const matches = (old, node) => old.nodeName === node.nodeName && keyOf(old) === keyOf(node);

/**
 * @param {Node} old
 * @param {Node} node
 */
function update(old, node) {
  if (!(old instanceof Element) || !(node instanceof Element)) {
    if (old.nodeValue !== node.nodeValue) old.nodeValue = node.nodeValue;
    return;
  }
  syncStyle(old, node);
  for (const { name } of [...old.attributes]) {
    if (name === 'style') continue;
    if (!node.hasAttribute(name) && !isOwnState(old, name)) old.removeAttribute(name);
  }
  for (const { name, value } of node.attributes) {
    if (name !== 'style' && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  for (const [type, listener] of listenersOf.get(node) ?? []) setListener(old, type, listener);
  for (const type of listenersOf.get(old)?.keys() ?? []) {
    if (!listenersOf.get(node)?.has(type)) listenersOf.get(old)?.delete(type);
  }
  syncProperties(old, node);
  if (old instanceof HTMLSelectElement) updateOptions(old, /** @type {HTMLSelectElement} */ (node));
  else if (!old.nodeName.includes('-')) reconcile(old, [...node.childNodes]);
}

/**
 * Updates the options, and the choice when there are other options: when a select loses its chosen option, the browser
 * chooses another, which would stay chosen where it is moved to.
 * @param {HTMLSelectElement} old
 * @param {HTMLSelectElement} node
 */
function updateOptions(old, node) {
  const values = (/** @type {HTMLSelectElement} */ select) => [...select.options].map(({ value }) => value).join('\n');
  const hasOthers = values(old) !== values(node);
  const chosen = node.value;
  reconcile(old, [...node.childNodes]);
  if (hasOthers) old.value = chosen;
}

/**
 * Sets the properties that differ; an element of the console then renders again.
 * @param {Element & {update?: () => void}} old
 * @param {Element} node
 */
function syncProperties(old, node) {
  const changed = [...(propertiesOf.get(node) ?? [])].filter(([name, value]) => {
    return propertiesOf.get(old)?.get(name) !== value;
  });
  for (const [name, value] of changed) setProperty(old, name, value);
  if (changed.length > 0) old.update?.();
}

/**
 * The content policy refuses `style` as an attribute and allows it as a property.
 * @param {Element} old
 * @param {Element} node
 */
function syncStyle(old, node) {
  if (!(old instanceof HTMLElement && node instanceof HTMLElement)) return;
  if (old.style.cssText !== node.style.cssText) old.style.cssText = node.style.cssText;
}

/**
 * Whether the browser or the element itself sets the attribute, so that a new rendering does not remove it.
 * @param {Element} element
 * @param {string} name
 */
const isOwnState = (element, name) =>
  name === 'open' || (element.nodeName.includes('-') && name.startsWith('data-own'));
