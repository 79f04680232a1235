// `<ev-office-distributor-page>`: one application to become a distributor, and the decision about it.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { get, post } from '../shell/api.js';
import { detailPage } from '../shell/detail-page.js';
import { backLink, card, pairs, statusTag } from '../shell/parts.js';
import { Resource } from '../shell/resource.js';
import { currentUser } from '../shell/session.js';
import { dateTime, number } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { actionBar, actionButton, reasonField, runAction } from './actions.js';
import { personName } from './person-name.js';

/** @typedef {Awaited<ReturnType<typeof readApplication>>} Application */

/**
 * @param {string} id
 * @param {AbortSignal} signal
 */
const readApplication = (id, signal) => get('/api/v1/distributor-applications/{id}', { params: { id }, signal });

class DistributorPage extends ViewElement {
  /** @type {Record<string, string>} */
  params = {};
  #application = new Resource(this, (signal) => readApplication(this.params['id'] ?? '', signal));

  start() {
    void this.#application.load();
  }

  view() {
    return detailPage(
      { back: backLink('/office/distributors', t('office.kyc.back')), title: t('office.distributor') },
      this.#application,
      (application) => this.#content(application),
    );
  }

  /** @param {Application} application */
  #content(application) {
    const { accepted_terms: accepted } = application;
    return [
      h(
        'div',
        { class: 'page-head' },
        h('h1', null, t('office.distributor.of'), ' ', personName(application.user_id)),
        statusTag('kyc', application.status),
      ),
      card(
        t('office.distributor'),
        pairs([
          [t('office.kyc.applicant'), h('strong', null, application.applicant_name)],
          [t('kyc.submitted_at'), dateTime(application.submitted_at)],
          [
            t('distributor.accepted'),
            h(
              'a',
              { href: `/terms/distributor?version=${accepted.version}` },
              t('terms.version', { version: number(accepted.version) }),
            ),
          ],
          [t('terms.hash'), h('code', null, accepted.hash)],
          [t('office.distributor.accepted_at'), dateTime(accepted.accepted_at)],
          [t('office.distributor.proved_at'), dateTime(accepted.proved_at)],
          [t('office.audit.address'), accepted.address],
          [t('kyc.decided_at'), application.decided_at ? dateTime(application.decided_at) : null],
          [t('office.kyc.decided_by'), decidedBy(application)],
          [t('office.reason'), application.reason],
        ]),
        this.#actions(application),
      ),
    ];
  }

  /** @param {Application} application */
  #actions(application) {
    if (application.status !== 'pending') return null;
    if (application.user_id === currentUser()?.userId) return h('p', { class: 'hint' }, t('office.own'));
    return actionBar(
      actionButton(t('office.distributor.reject'), () => this.#reject(application), 'danger'),
      actionButton(t('office.distributor.approve'), () => this.#approve(application), 'primary'),
    );
  }

  /** @param {Application} application */
  async #approve({ id, applicant_name: name }) {
    const answer = await runAction({
      title: t('office.distributor.approve'),
      label: t('office.distributor.approve'),
      effects: () => [t('office.user.label_effect', { name })],
      act: (_, key) => post('/api/v1/distributor-applications/{id}/approve', undefined, { params: { id }, key }),
    });
    if (answer) this.#application.set(answer);
  }

  /** @param {Application} application */
  async #reject({ id, applicant_name: name }) {
    const answer = await runAction({
      title: t('office.distributor.reject'),
      label: t('office.distributor.reject'),
      isDestructive: true,
      fields: [reasonField(t('office.reason.member_hint'))],
      effects: ({ reason = '' }) => [
        t('office.distributor.reject_effect', { name }),
        t('office.reason.given', { reason }),
      ],
      act: ({ reason = '' }, key) =>
        post('/api/v1/distributor-applications/{id}/reject', { reason }, { params: { id }, key }),
    });
    if (answer) this.#application.set(answer);
  }
}

/** @param {Application} application */
function decidedBy({ status, decided_by: by }) {
  if (by) return personName(by);
  return status === 'approved' ? t('office.distributor.automatic') : null;
}

customElements.define('ev-office-distributor-page', DistributorPage);
