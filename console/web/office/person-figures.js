// `<ev-person-figures>`: what a person has paid and earned, whom they referred, and their nominee.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { get, orNull } from '../shell/api.js';
import { card, pairs } from '../shell/parts.js';
import { Resource, show } from '../shell/resource.js';
import { date, money, number } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';

/** @typedef {import('../shell/api.js').Answer<'get', '/api/v1/reports/members/{id}'>} Figures */

class PersonFigures extends ViewElement {
  userId = '';
  #figures = new Resource(this, (signal) =>
    orNull(get('/api/v1/reports/members/{id}', { params: { id: this.userId }, signal })),
  );
  #nominee = new Resource(this, (signal) =>
    orNull(get('/api/v1/users/{id}/nominee', { params: { id: this.userId }, signal })),
  );

  start() {
    void this.#figures.load();
    void this.#nominee.load();
  }

  view() {
    return [
      card(
        t('office.person.figures'),
        show(this.#figures, (figures) =>
          figures ? this.#list(figures) : h('p', { class: 'hint' }, t('office.person.no_figures')),
        ),
      ),
      card(
        t('nominee.title'),
        show(this.#nominee, (nominee) =>
          nominee
            ? pairs([
                [t('profile.name'), nominee.name],
                [t('nominee.relationship'), nominee.relationship],
                [t('profile.date_of_birth'), date(nominee.date_of_birth)],
              ])
            : h('p', { class: 'hint' }, t('office.person.no_nominee')),
        ),
      ),
    ];
  }

  /** @param {Figures} figures */
  #list(figures) {
    return pairs([
      [t('bookings.title'), number(figures.bookings)],
      [t('booking.total_paid'), money(figures.total_paid)],
      [t('wallet.total_earned'), money(figures.earned)],
      [t('wallet.total_withdrawn'), money(figures.withdrawn)],
      [t('office.tree.pairs_total'), number(figures.pairs_total)],
      [t('referrals.title'), h('a', { href: `/office/people?referrer_id=${this.userId}` }, number(figures.referrals))],
      [t('office.person.active_referrals'), number(figures.active_referrals)],
    ]);
  }
}

customElements.define('ev-person-figures', PersonFigures);
