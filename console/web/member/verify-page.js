// `<ev-verify-page>`: whether a document of the platform is genuine and what it states, for everyone who has its code.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { get, orNull } from '../shell/api.js';
import { Resource, skeleton } from '../shell/resource.js';
import { navigate } from '../shell/router.js';
import { pairs } from '../shell/parts.js';
import { date, money } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';

/** The letters of the services that issue documents, with their paths. */
const ISSUERS = /** @type {const} */ ({
  B: '/api/v1/documents/verify/B-{code}',
  C: '/api/v1/documents/verify/C-{code}',
  P: '/api/v1/documents/verify/P-{code}',
  W: '/api/v1/documents/verify/W-{code}',
});

/** The letters and digits of a code. */
const letters = (/** @type {string} */ text) => text.toUpperCase().replace(/[^0-9A-Z]/g, '');

/**
 * What the document states; null for a code of no document.
 * @param {string} text
 * @param {AbortSignal} signal
 */
async function readDocument(text, signal) {
  const [issuer = '', ...rest] = letters(text);
  const code = rest.join('');
  if (!(issuer in ISSUERS) || code === '') return null;
  const path = ISSUERS[/** @type {keyof typeof ISSUERS} */ (issuer)];
  return orNull(get(path, { params: { code }, signal }));
}

class VerifyPage extends ViewElement {
  /** @type {Record<string, string>} */
  params = {};
  #document = new Resource(this, (signal) => readDocument(this.#code, signal));

  start() {
    if (this.#code) void this.#document.load();
  }

  get #code() {
    return this.params['code'] ?? '';
  }

  view() {
    return h(
      'div',
      { class: 'narrow card sign-in' },
      h('h1', null, t('verify.title')),
      this.#code ? this.#result() : h('p', null, t('verify.about')),
      this.#form(),
    );
  }

  #form() {
    const onsubmit = (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      const form = /** @type {HTMLFormElement} */ (event.target);
      const code = String(new FormData(form).get('code') ?? '').trim();
      if (code) navigate(`/verify/${encodeURIComponent(code)}`);
    };
    return h(
      'form',
      { onsubmit },
      h(
        'label',
        { class: 'field' },
        h('span', null, t('verify.code')),
        h('input', { name: 'code', required: true, autocomplete: 'off', value: this.#code }),
      ),
      h('footer', { class: 'actions' }, h('button', { type: 'submit', class: 'primary' }, t('verify.check'))),
    );
  }

  #result() {
    const { value: document, error } = this.#document;
    if (error) return custom('ev-problem', { '.error': error, '.retry': () => this.#document.load() });
    if (document === null) return h('p', { class: 'notice warn', role: 'alert' }, t('verify.not_genuine'));
    if (!document) return skeleton();
    return [
      h('p', { class: 'notice', role: 'status' }, t('verify.genuine')),
      document.is_latest ? null : h('p', { class: 'notice warn' }, t('verify.replaced')),
      pairs([
        [t('verify.kind'), t(`verify.kind.${document.kind}`)],
        [t('verify.number'), document.number],
        [t('verify.date'), date(document.date)],
        [t('verify.amount'), money(document.amount)],
        [t('verify.initials'), document.initials || null],
      ]),
      h('p', { class: 'hint' }, t('verify.compare')),
    ];
  }
}

customElements.define('ev-verify-page', VerifyPage);
