// `<ev-office-payments-page>`: payments of all members, those that the office confirms first.

import { h } from '../shell/view.js';
import { get } from '../shell/api.js';
import { t } from '../i18n/i18n.js';
import { paymentColumns } from './columns.js';
import { filterValue, stateChoices } from './filter-form.js';
import { ListPageElement, pageHead, pageList, readMatching } from './list-page.js';

/** @typedef {import('./list-page.js').PageRequest} PageRequest */

/** The filter for payments that only the office can confirm. */
const TO_CONFIRM = 'to_confirm';
const STATES = ['pending', 'completed', 'failed', 'refunded', 'superseded'];

class PaymentsPage extends ListPageElement {
  defaults = { status: TO_CONFIRM };

  view() {
    return h(
      'div',
      { class: 'page' },
      pageHead(t('office.payments.title')),
      this.filters([
        {
          name: 'status',
          label: t('booking.status'),
          type: 'select',
          choices: [{ value: TO_CONFIRM, label: t('office.payments.to_confirm') }, ...stateChoices('payment', STATES)],
        },
      ]),
      pageList({
        caption: t('office.payments.title'),
        empty: t('office.payments.empty'),
        columns: paymentColumns(),
        rowKey: (payment) => payment.id,
        link: (payment) => `/office/payments/${payment.id}`,
        read: (page) => this.#read(page),
      }),
    );
  }

  /** @param {PageRequest} page */
  #read(page) {
    const { status } = this.filter;
    if (status !== TO_CONFIRM) return readPayments(filterValue(status), page);
    // The API does not filter payments by method.
    return readMatching(
      page,
      (next) => readPayments('pending', next),
      (payment) => isManual(payment.method),
    );
  }
}

/**
 * @param {string | undefined} status
 * @param {PageRequest} page
 */
const readPayments = (status, { signal, ...page }) => get('/api/v1/payments', { query: { status, ...page }, signal });

/**
 * Whether the office confirms payments of this method.
 * @param {string} method
 */
export const isManual = (method) => method === 'cash' || method === 'bank_transfer';

customElements.define('ev-office-payments-page', PaymentsPage);
