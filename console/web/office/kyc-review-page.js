// `<ev-kyc-review-page>`: one KYC application beside its documents, and the decision about it.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { get, post } from '../shell/api.js';
import { detailPage } from '../shell/detail-page.js';
import { backLink, card, pairs, statusTag } from '../shell/parts.js';
import { Resource, show } from '../shell/resource.js';
import { currentUser } from '../shell/session.js';
import { date, dateTime, number } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { actionBar, actionButton, reasonField, runAction } from './actions.js';
import { personName } from './person-name.js';
import { addressText } from './person-profile.js';
import './document-view.js';

/** @typedef {Awaited<ReturnType<typeof readApplication>>} Application */

/**
 * @param {string} id
 * @param {AbortSignal} signal
 */
const readApplication = (id, signal) => get('/api/v1/kyc/{id}', { params: { id }, signal });

/**
 * @param {readonly string[]} ids
 * @param {AbortSignal} signal
 */
const readDocuments = (ids, signal) =>
  Promise.all(ids.map((id) => get('/api/v1/compliance/documents/{id}', { params: { id }, signal })));

class KycReviewPage extends ViewElement {
  /** @type {Record<string, string>} */
  params = {};
  #application = new Resource(this, (signal) => this.#read(signal));
  /** @type {readonly string[]} */
  #documentIds = [];
  #documents = new Resource(this, (signal) => readDocuments(this.#documentIds, signal));

  start() {
    void this.#application.load();
  }

  /**
   * The documents are read after each reading of the application, which names them.
   * @param {AbortSignal} signal
   */
  async #read(signal) {
    const application = await readApplication(this.params['id'] ?? '', signal);
    this.#documentIds = application.document_ids;
    void this.#documents.load();
    return application;
  }

  view() {
    return detailPage(
      { back: backLink('/office/kyc', t('office.kyc.back')), title: t('office.kyc.application') },
      this.#application,
      (application) => this.#content(application),
    );
  }

  /** @param {Application} application */
  #content(application) {
    const { applicant, bank } = application;
    return [
      h(
        'div',
        { class: 'page-head' },
        h('h1', null, t('office.kyc.of'), ' ', personName(application.user_id)),
        statusTag('kyc', application.status),
      ),
      h(
        'div',
        { class: 'beside' },
        card(
          t('office.kyc.application'),
          pairs([
            [t('office.kyc.applicant'), h('strong', null, applicant.name)],
            [t('account.holder_name'), h('strong', null, bank.holder_name)],
            [t('profile.email'), applicant.email],
            [t('profile.mobile'), applicant.mobile],
            [t('profile.date_of_birth'), applicant.date_of_birth ? date(applicant.date_of_birth) : null],
            [t('profile.joined_at'), date(applicant.account_created_at)],
            [t('office.kyc.earlier_rejections'), earlier(application)],
            [t('kyc.pan'), application.pan],
            [t('office.kyc.aadhaar'), application.aadhaar_last4],
            [t('kyc.bank'), `${bank.bank_name}, ${bank.account_number}, ${bank.ifsc}`],
            [t('address.title'), addressText(application.address)],
            [t('kyc.submitted_at'), dateTime(application.submitted_at)],
            [t('kyc.decided_at'), application.decided_at ? dateTime(application.decided_at) : null],
            [t('office.kyc.decided_by'), application.decided_by ? personName(application.decided_by) : null],
            [t('office.reason'), application.reason],
          ]),
          this.#actions(application),
        ),
        card(
          t('kyc.documents'),
          application.document_ids.length === 0
            ? h('p', { class: 'hint' }, t('office.kyc.no_documents'))
            : show(this.#documents, (documents) =>
                documents.map((document) =>
                  custom('ev-document-view', {
                    key: document.id,
                    '.document': document,
                    '.changed': () => this.#documents.load(),
                  }),
                ),
              ),
        ),
      ),
    ];
  }

  /** @param {Application} application */
  #actions(application) {
    if (application.status !== 'pending') return null;
    if (application.user_id === currentUser()?.userId) return h('p', { class: 'hint' }, t('office.own'));
    return actionBar(
      actionButton(t('office.kyc.reject'), () => this.#reject(application), 'danger'),
      actionButton(t('office.kyc.approve'), () => this.#approve(application), 'primary'),
    );
  }

  /** @param {Application} application */
  async #approve({ id, applicant: { name }, bank }) {
    const answer = await runAction({
      title: t('office.kyc.approve'),
      label: t('office.kyc.approve'),
      effects: () => [
        t('office.kyc.approve_effect', { name }),
        t('office.kyc.account_effect', { account: `${bank.bank_name} ${bank.account_number}` }),
      ],
      act: (_, key) => post('/api/v1/kyc/{id}/approve', undefined, { params: { id }, key }),
    });
    if (answer) this.#application.set(answer);
  }

  /** @param {Application} application */
  async #reject({ id, applicant: { name } }) {
    const answer = await runAction({
      title: t('office.kyc.reject'),
      label: t('office.kyc.reject'),
      isDestructive: true,
      fields: [reasonField(t('office.reason.member_hint'))],
      effects: ({ reason = '' }) => [t('office.kyc.reject_effect', { name }), t('office.reason.given', { reason })],
      act: ({ reason = '' }, key) => post('/api/v1/kyc/{id}/reject', { reason }, { params: { id }, key }),
    });
    if (answer) this.#application.set(answer);
  }
}

/**
 * How many applications of the person were rejected before, with the way to them.
 * @param {Application} application
 */
const earlier = ({ applicant: { user_id: userId, earlier_rejections: count } }) =>
  count > 0 ? h('a', { href: `/office/people/${userId}?tab=kyc` }, number(count)) : null;

customElements.define('ev-kyc-review-page', KycReviewPage);
