// `<ev-person-kyc>`: a person's KYC applications.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { pageList } from '../shell/page-list.js';
import { get } from '../shell/api.js';
import { pairs, statusTag } from '../shell/parts.js';
import { t } from '../i18n/i18n.js';
import { kycColumns } from './columns.js';

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
            empty: t('office.kyc.empty'),
            columns: kycColumns(),
            rowKey: (application) => application.id,
            link: (application) => `/office/kyc/${application.id}`,
            read: ({ signal, ...page }) => get('/api/v1/kyc', { query: { user_id: person.id, ...page }, signal }),
          }),
    ];
  }
}

customElements.define('ev-person-kyc', PersonKyc);
