// `<ev-terms-page>`: a version of terms, for everyone, with the way to its earlier versions.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { get, readAll } from '../shell/api.js';
import { card, pairs, tag } from '../shell/parts.js';
import { Resource, show } from '../shell/resource.js';
import { date, dateTime, number } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { termsText } from './terms-text.js';

/** @typedef {Awaited<ReturnType<typeof readTerms>>} Terms */
/** @typedef {Awaited<ReturnType<typeof readVersions>>[number]} Version */
/** @typedef {'service' | 'privacy' | 'distributor'} Kind */

/**
 * @param {Kind} kind
 * @param {number | undefined} version
 * @param {AbortSignal} signal
 */
const readTerms = (kind, version, signal) =>
  get('/api/v1/terms/{kind}', { params: { kind }, query: { version }, signal });

/**
 * @param {Kind} kind
 * @param {AbortSignal} signal
 */
const readVersions = (kind, signal) =>
  readAll((cursor) =>
    get('/api/v1/terms/{kind}/versions', { params: { kind }, query: { cursor, limit: 100 }, signal }),
  );

class TermsPage extends ViewElement {
  /** @type {Record<string, string>} */
  params = {};
  query = new URLSearchParams();
  #terms = new Resource(this, (signal) => readTerms(this.#kind, this.#version, signal));
  #versions = new Resource(this, (signal) => readVersions(this.#kind, signal));

  get #kind() {
    return /** @type {Kind} */ (this.params['kind'] ?? '');
  }

  /** The version that the address names. */
  get #version() {
    const version = this.query.get('version');
    return version ? Number(version) : undefined;
  }

  start() {
    void this.#terms.load();
    void this.#versions.load();
  }

  view() {
    return h(
      'div',
      { class: 'page' },
      h('h1', null, t(`terms.kind.${this.#kind}`)),
      show(this.#terms, (terms) => content(terms)),
      show(
        this.#versions,
        (versions) => this.#others(versions),
        () => null,
      ),
    );
  }

  /** @param {Version[]} versions */
  #others(versions) {
    if (versions.length < 2) return null;
    return card(
      t('terms.versions'),
      h(
        'ul',
        { class: 'feed' },
        versions.map(({ version, title, published_at: at }) =>
          h(
            'li',
            { key: version },
            h(
              'a',
              { href: `/terms/${this.#kind}?version=${version}` },
              t('terms.version', { version: number(version) }),
            ),
            h('span', { class: 'hint block' }, `${title}, ${date(at)}`),
          ),
        ),
      ),
    );
  }
}

/** @param {Terms} terms */
const content = (terms) =>
  h(
    'section',
    { class: 'card' },
    h('p', null, terms.is_current ? tag(t('terms.current'), 'good') : tag(t('terms.earlier'), 'plain')),
    termsText(terms),
    pairs([
      [t('terms.number'), number(terms.version)],
      [t('terms.published_at'), dateTime(terms.published_at)],
      [t('terms.hash'), h('code', null, terms.hash)],
    ]),
  );

customElements.define('ev-terms-page', TermsPage);
