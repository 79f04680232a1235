// `<ev-query-schema>`: the types of the read graph, one at a time.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { graph } from '../shell/api.js';
import { Resource, show } from '../shell/resource.js';
import { t } from '../i18n/i18n.js';

/** @typedef {{kind: string, name: string | null, ofType?: TypeRef | null}} TypeRef */
/** @typedef {{name: string, description?: string | null, type: TypeRef, args: {name: string, type: TypeRef}[]}} Field */
/**
 * @typedef {{kind: string, name: string, description?: string | null, fields: Field[] | null,
 *   enumValues: {name: string}[] | null}} Type
 */

const ROOT = 'Query';
const INTROSPECTION = `query Schema {
  __schema {
    types {
      kind name description
      fields { name description type { ...R } args { name type { ...R } } }
      enumValues { name }
    }
  }
}
fragment R on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }`;

class QuerySchema extends ViewElement {
  #types = new Resource(this, (signal) => readTypes(signal));
  /** The types that were opened, the last of which is shown. */
  #opened = [ROOT];

  start() {
    void this.#types.load();
  }

  view() {
    return show(this.#types, (types) =>
      types.size > 0 ? this.#type(types) : h('p', null, t('office.query.schema_hidden')),
    );
  }

  /** @param {Map<string, Type>} types */
  #type(types) {
    const name = this.#opened.at(-1) ?? ROOT;
    const type = types.get(name);
    return [
      h(
        'div',
        { class: 'query-types', role: 'group', 'aria-label': t('office.query.types') },
        this.#opened.map((opened, i) => this.#link(types, opened, () => this.#opened.splice(i + 1))),
      ),
      type?.description ? h('p', { class: 'hint' }, type.description) : null,
      h(
        'ul',
        { class: 'query-fields' },
        (type?.fields ?? []).map((field) => this.#field(types, field)),
        (type?.enumValues ?? []).map((word) => h('li', null, h('code', null, word.name))),
      ),
    ];
  }

  /**
   * @param {Map<string, Type>} types
   * @param {Field} field
   */
  #field(types, { name, description, type, args }) {
    const named = args.map((arg) => `${arg.name}: ${text(arg.type)}`).join(', ');
    return h(
      'li',
      null,
      h('code', null, args.length > 0 ? `${name}(${named})` : name),
      ' ',
      this.#link(types, nameOf(type), (opened) => this.#opened.push(opened), text(type)),
      description ? h('span', { class: 'hint' }, ` ${description.split('\n\n').join(' ')}`) : null,
    );
  }

  /**
   * A button that opens a type, or the name of one that has no parts.
   * @param {Map<string, Type>} types
   * @param {string} name
   * @param {(name: string) => unknown} open
   * @param {string} [label]
   */
  #link(types, name, open, label = name) {
    const type = types.get(name);
    if (!type?.fields && !type?.enumValues) return h('code', null, label);
    const onclick = () => {
      open(name);
      this.update();
    };
    return h('button', { type: 'button', onclick }, label);
  }
}

/**
 * All types; none where the schema is not shown.
 * @param {AbortSignal} signal
 */
async function readTypes(signal) {
  const { data } = await graph({ query: INTROSPECTION }, { signal });
  const schema = /** @type {{types: Type[]} | undefined} */ (data?.['__schema']);
  return new Map((schema?.types ?? []).map((type) => [type.name, type]));
}

/** @param {TypeRef} type @returns {string} */
const nameOf = (type) => type.name ?? (type.ofType ? nameOf(type.ofType) : '');

/** @param {TypeRef} type @returns {string} */
function text({ kind, name, ofType }) {
  if (kind === 'NON_NULL' && ofType) return `${text(ofType)}!`;
  if (kind === 'LIST' && ofType) return `[${text(ofType)}]`;
  return name ?? '';
}

customElements.define('ev-query-schema', QuerySchema);
