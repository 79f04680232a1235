// `<ev-kyc-page>`: state of the member's KYC, their documents, and the application.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { get, orNull, readAll } from '../shell/api.js';
import { onChange } from '../shell/live.js';
import { card, pairs, statusTag } from '../shell/parts.js';
import { Resource, show } from '../shell/resource.js';
import { toast } from '../shell/toast.js';
import { ownId } from '../shell/session.js';
import { dateTime } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { documentList } from './document-list.js';
import './document-upload.js';
import './kyc-form.js';

/** @typedef {NonNullable<Awaited<ReturnType<typeof readApplication>>>} Application */
/** @typedef {Awaited<ReturnType<typeof readDocuments>>[number]} Document */

/**
 * The latest application, or null before the first.
 * @param {AbortSignal} signal
 */
const readApplication = (signal) => orNull(get('/api/v1/users/me/kyc', { signal }));

/** @param {AbortSignal} signal */
const readDocuments = (signal) =>
  readAll((cursor) => get('/api/v1/compliance/documents', { query: { user_id: ownId(), cursor, limit: 100 }, signal }));

/**
 * The applications before the latest one.
 * @param {AbortSignal} signal
 */
const readEarlier = async (signal) => {
  const all = await readAll((cursor) =>
    get('/api/v1/users/me/kyc/applications', { query: { cursor, limit: 100 }, signal }),
  );
  return all.slice(1);
};

class KycPage extends ViewElement {
  #application = new Resource(this, readApplication);
  #documents = new Resource(this, readDocuments);
  #earlier = new Resource(this, readEarlier);

  start() {
    this.#load();
    onChange(['kyc'], () => this.#load(), this.signal);
  }

  #load() {
    void this.#application.load();
    void this.#documents.load();
    void this.#earlier.load();
  }

  view() {
    return h(
      'div',
      { class: 'page' },
      h('h1', null, t('kyc.title')),
      show(this.#application, (application) => this.#content(application)),
    );
  }

  /** @param {Application | null} application */
  #content(application) {
    const canApply = !application || application.status === 'rejected';
    return [
      state(application),
      h(
        'section',
        { class: 'card', key: 'documents' },
        h('h2', null, t('documents.title')),
        show(this.#documents, documentList),
        custom('ev-document-upload', { key: 'upload', '.done': () => void this.#documents.load() }),
      ),
      canApply
        ? h(
            'section',
            { class: 'card', key: 'form' },
            h('h2', null, t(application ? 'kyc.again' : 'kyc.apply')),
            custom('ev-kyc-form', {
              '.previous': application,
              '.documents': this.#documents.value ?? [],
              '.done': (/** @type {Application} */ next) => this.#finish(next),
            }),
          )
        : null,
      show(this.#earlier, earlierList, () => null),
    ];
  }

  /** @param {Application} application */
  #finish(application) {
    toast(t('kyc.sent'));
    this.#application.set(application);
    window.scrollTo({ top: 0 });
  }
}

/** @param {Application[]} applications */
const earlierList = (applications) =>
  applications.length === 0
    ? null
    : card(
        t('kyc.earlier'),
        h(
          'ul',
          { class: 'feed' },
          applications.map(({ id, status, reason, submitted_at: at }) =>
            h(
              'li',
              { key: id },
              h('div', { class: 'row' }, h('span', { class: 'grow' }, dateTime(at)), statusTag('kyc', status)),
              reason ? h('p', { class: 'hint' }, t('kyc.reason', { reason })) : null,
            ),
          ),
        ),
      );

/** @param {Application | null} application */
function state(application) {
  if (!application) return h('p', { class: 'notice' }, t('kyc.about.none'));
  const { status, reason, pan, aadhaar_last4: aadhaar, bank, address } = application;
  const lines = [address.line1, address.line2, address.city, address.state, address.pincode, address.country];
  return card(
    t('kyc.application'),
    h('p', null, statusTag('kyc', status)),
    h('p', null, t(`kyc.about.${status}`)),
    reason ? h('p', { class: 'notice warn' }, t('kyc.reason', { reason })) : null,
    pairs([
      [t('kyc.pan'), pan],
      [t('kyc.aadhaar'), aadhaar],
      [t('kyc.bank'), `${bank.bank_name}, ${bank.account_number}, ${bank.ifsc}`],
      [t('account.holder_name'), bank.holder_name],
      [t('address.title'), lines.filter(Boolean).join(', ')],
      [t('kyc.documents'), application.document_ids.length],
      [t('kyc.submitted_at'), dateTime(application.submitted_at)],
      [t('kyc.decided_at'), application.decided_at ? dateTime(application.decided_at) : null],
    ]),
  );
}

customElements.define('ev-kyc-page', KycPage);
