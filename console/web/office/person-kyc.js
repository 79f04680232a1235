// `<ev-person-kyc>`: a person's KYC applications among the newest ones.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { get } from '../shell/api.js';
import { pairs, statusTag } from '../shell/parts.js';
import { t } from '../i18n/i18n.js';
import { kycColumns } from './columns.js';
import { pageList, readMatching } from './list-page.js';

/** @typedef {import('./person-page.js').Person} Person */

class PersonKyc extends ViewElement {
  /** @type {Person | undefined} */
  person;
  changed = () => undefined;

  view() {
    const { person } = this;
    if (!person) return null;
    return [
      pairs([[t('booking.status'), statusTag('kyc', person.kyc_status)]]),
      person.kyc_status === 'none'
        ? h('p', { class: 'hint' }, t('office.kyc.none'))
        : pageList({
            caption: t('office.kyc.title'),
            empty: t('office.kyc.not_found'),
            columns: kycColumns(),
            rowKey: (application) => application.id,
            link: (application) => `/office/kyc/${application.id}`,
            // The API does not filter applications by person.
            read: (page) =>
              readMatching(
                page,
                ({ signal, ...query }) => get('/api/v1/kyc', { query, signal }),
                (application) => application.user_id === person.id,
              ),
          }),
    ];
  }
}

customElements.define('ev-person-kyc', PersonKyc);
