// `<ev-privacy-page>`: what a member accepted, a copy of their data, and the erasure of it.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { get, orNull, post, readAll } from '../shell/api.js';
import { confirmAction } from '../shell/dialog.js';
import { card, effectList, pairs, saveButton, statusTag } from '../shell/parts.js';
import { problemText } from '../shell/problem.js';
import { Resource, show } from '../shell/resource.js';
import { toast } from '../shell/toast.js';
import { dateTime, number } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { saveOwnData } from './own-data.js';

/** @typedef {Awaited<ReturnType<typeof readState>>} State */
/** @typedef {State['terms'][number]} Terms */

/** Terms that a member accepts here; those of distributors belong to an application. */
const KINDS = /** @type {const} */ (['service', 'privacy']);

/**
 * The current terms, what the member accepted, and the latest request to erase, or null without any.
 * @param {AbortSignal} signal
 */
async function readState(signal) {
  const read = KINDS.map((kind) => orNull(get('/api/v1/terms/{kind}', { params: { kind }, signal })));
  const [terms, consents, erasure] = await Promise.all([
    Promise.all(read),
    readAll((cursor) => get('/api/v1/users/me/consents', { query: { cursor, limit: 100 }, signal })),
    orNull(get('/api/v1/users/me/erasure-request', { signal })),
  ]);
  return { terms: terms.filter((of) => of !== null), consents, erasure };
}

class PrivacyPage extends ViewElement {
  #state = new Resource(this, readState);
  #isSaving = false;

  start() {
    void this.#state.load();
  }

  view() {
    return h(
      'div',
      { class: 'page' },
      h('h1', null, t('privacy.title')),
      show(this.#state, (state) => [
        this.#terms(state),
        accepted(state),
        card(
          t('privacy.copy'),
          h('p', null, t('privacy.copy_about')),
          this.#isSaving
            ? h('p', { role: 'status' }, t('action.running'))
            : saveButton(t('privacy.save'), () => this.#save()),
        ),
        this.#erasure(state),
      ]),
    );
  }

  /** @param {State} state */
  #terms({ terms, consents }) {
    const isOpen = (/** @type {Terms} */ { hash }) => consents.every((consent) => consent.hash !== hash);
    const open = terms.filter(isOpen);
    if (open.length === 0) return null;
    return card(
      t('privacy.to_accept'),
      open.map((of) =>
        h(
          'div',
          { class: 'row', key: of.kind },
          h(
            'a',
            { class: 'grow', href: `/terms/${of.kind}` },
            t(`terms.kind.${of.kind}`),
            ' · ',
            t('terms.version', { version: number(of.version) }),
          ),
          h('button', { type: 'button', class: 'primary', onclick: () => this.#accept(of) }, t('privacy.accept')),
        ),
      ),
    );
  }

  /** @param {State} state */
  #erasure({ erasure }) {
    const isPending = erasure?.status === 'pending';
    return card(
      t('privacy.erase'),
      h('p', null, t('privacy.erase_about')),
      erasure
        ? pairs([
            [t('booking.status'), statusTag('erasure', erasure.status)],
            [t('privacy.requested_at'), dateTime(erasure.requested_at)],
            [t('kyc.decided_at'), erasure.decided_at ? dateTime(erasure.decided_at) : null],
            [t('privacy.reason'), erasure.reason],
          ])
        : null,
      h(
        'footer',
        { class: 'actions' },
        isPending
          ? h('button', { type: 'button', onclick: () => this.#withdraw() }, t('privacy.withdraw'))
          : h('button', { type: 'button', class: 'danger', onclick: () => this.#request() }, t('privacy.request')),
      ),
    );
  }

  async #save() {
    this.#isSaving = true;
    this.update();
    try {
      await saveOwnData(this.signal);
    } catch (error) {
      toast(problemText(error));
    }
    this.#isSaving = false;
    this.update();
  }

  /** @param {Terms} terms */
  async #accept({ kind, hash, version }) {
    const consent = await confirmAction({
      title: t(`terms.kind.${kind}`),
      effects: effectList([
        t('privacy.accept_effect', { version: number(version), terms: t(`terms.kind.${kind}`) }),
        t('distributor.keep_effect'),
      ]),
      label: t('privacy.accept'),
      act: (key) => post('/api/v1/users/me/consents', { kind, terms_hash: hash }, { key }),
    });
    if (consent) toast(t('action.saved'));
    void this.#state.load();
  }

  async #request() {
    const request = await confirmAction({
      title: t('privacy.request'),
      isDestructive: true,
      effects: effectList([
        t('privacy.erase_effect'),
        t('privacy.retained_effect'),
        t('privacy.money_effect'),
        t('distributor.code_effect'),
      ]),
      label: t('privacy.request'),
      act: (key) => post('/api/v1/users/me/erasure-request', undefined, { key }),
    });
    if (request) toast(t('privacy.requested'));
    void this.#state.load();
  }

  async #withdraw() {
    const request = await confirmAction({
      title: t('privacy.withdraw'),
      effects: effectList([t('privacy.withdraw_effect')]),
      label: t('privacy.withdraw'),
      act: (key) => post('/api/v1/users/me/erasure-request/withdraw', undefined, { key }),
    });
    if (request) toast(t('action.saved'));
    void this.#state.load();
  }
}

/** @param {State} state */
const accepted = ({ consents }) =>
  card(
    t('privacy.accepted'),
    consents.length === 0
      ? h('p', { class: 'hint' }, t('privacy.none_accepted'))
      : h(
          'ul',
          { class: 'feed' },
          consents.map(({ kind, version, accepted_at: at, address }) =>
            h(
              'li',
              { key: `${kind}/${at}` },
              h('a', { href: `/terms/${kind}?version=${version}` }, t(`terms.kind.${kind}`)),
              h(
                'span',
                { class: 'hint block' },
                [t('terms.version', { version: number(version) }), dateTime(at), address].join(' · '),
              ),
            ),
          ),
        ),
  );

customElements.define('ev-privacy-page', PrivacyPage);
