// `<ev-distributor-page>`: the way to become a distributor: the terms, the application and its state.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { get, orNull, post, readAll } from '../shell/api.js';
import { confirmAction } from '../shell/dialog.js';
import { card, effectList, pairs, statusTag } from '../shell/parts.js';
import { Resource, show } from '../shell/resource.js';
import { toast } from '../shell/toast.js';
import { dateTime, number } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { termsText } from './terms-text.js';

/** @typedef {Awaited<ReturnType<typeof readState>>} State */
/** @typedef {State['applications'][number]} Application */
/** @typedef {NonNullable<State['terms']>} Terms */

/**
 * Whether the member is a distributor, the applications, newest first, and the current terms, or null without any.
 * @param {AbortSignal} signal
 */
async function readState(signal) {
  const [user, applications, terms] = await Promise.all([
    get('/api/v1/users/me', { signal }),
    readAll((cursor) => get('/api/v1/users/me/distributor-applications', { query: { cursor, limit: 100 }, signal })),
    orNull(get('/api/v1/terms/{kind}', { params: { kind: 'distributor' }, signal })),
  ]);
  return { isDistributor: user.is_distributor, applications, terms };
}

class DistributorPage extends ViewElement {
  #state = new Resource(this, readState);

  start() {
    void this.#state.load();
  }

  view() {
    return h(
      'div',
      { class: 'page' },
      h('h1', null, t('distributor.title')),
      show(this.#state, (state) => this.#content(state)),
    );
  }

  /** @param {State} state */
  #content({ isDistributor, applications, terms }) {
    const [latest, ...earlier] = applications;
    const canApply = !isDistributor && latest?.status !== 'pending';
    return [
      isDistributor ? h('p', { class: 'notice' }, t('distributor.is')) : null,
      latest ? applicationCard(latest) : null,
      canApply ? this.#form(terms, latest !== undefined) : null,
      earlier.length > 0 ? history(earlier) : null,
    ];
  }

  /**
   * @param {Terms | null} terms
   * @param {boolean} isAgain
   */
  #form(terms, isAgain) {
    return card(
      t(isAgain ? 'distributor.again' : 'distributor.apply'),
      h('p', null, t('distributor.about')),
      terms
        ? [
            h(
              'div',
              { class: 'terms', tabindex: 0, role: 'region', 'aria-label': t('terms.kind.distributor') },
              termsText(terms),
            ),
            h('p', { class: 'hint' }, t('terms.version', { version: number(terms.version) })),
            h(
              'footer',
              { class: 'actions' },
              h(
                'button',
                { type: 'button', class: 'primary', onclick: () => this.#apply(terms) },
                t('distributor.accept'),
              ),
            ),
          ]
        : h('p', { class: 'hint' }, t('distributor.no_terms')),
    );
  }

  /** @param {Terms} terms */
  async #apply({ hash, version }) {
    const application = await confirmAction({
      title: t('distributor.accept'),
      effects: effectList([
        t('distributor.accept_effect', { version: number(version) }),
        t('distributor.keep_effect'),
        t('distributor.code_effect'),
      ]),
      label: t('distributor.accept'),
      act: (key) => post('/api/v1/users/me/distributor-application', { terms_hash: hash }, { key }),
    });
    // Also after a refusal: the terms may have changed.
    if (application) toast(t('distributor.sent'));
    void this.#state.load();
  }
}

/** @param {Application} application */
const applicationCard = ({ status, reason, accepted_terms: accepted, submitted_at: at, decided_at: decidedAt }) =>
  card(
    t('distributor.application'),
    h('p', null, statusTag('kyc', status)),
    h('p', null, t(`distributor.about.${status}`)),
    reason ? h('p', { class: 'notice warn' }, t('kyc.reason', { reason })) : null,
    pairs([
      [t('distributor.accepted'), acceptedTerms(accepted)],
      [t('kyc.submitted_at'), dateTime(at)],
      [t('kyc.decided_at'), decidedAt ? dateTime(decidedAt) : null],
    ]),
  );

/** @param {Application['accepted_terms']} accepted */
const acceptedTerms = ({ version }) =>
  h('a', { href: `/terms/distributor?version=${version}` }, t('terms.version', { version: number(version) }));

/** @param {Application[]} applications */
const history = (applications) =>
  card(
    t('kyc.earlier'),
    h(
      'ul',
      { class: 'feed' },
      applications.map(({ id, status, reason, submitted_at: at }) =>
        h(
          'li',
          { key: id },
          h('span', { class: 'tags' }, statusTag('kyc', status), dateTime(at)),
          reason ? h('span', { class: 'hint block' }, t('kyc.reason', { reason })) : null,
        ),
      ),
    ),
  );

customElements.define('ev-distributor-page', DistributorPage);
