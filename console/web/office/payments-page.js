// `<ev-office-payments-page>`: payments of all members, those that the office confirms first.

import { h } from '../shell/view.js';
import { pageList } from '../shell/page-list.js';
import { get } from '../shell/api.js';
import { t } from '../i18n/i18n.js';
import { paymentColumns } from './columns.js';
import { filterValue, stateChoices } from './filter-form.js';
import { ListPageElement, pageHead } from './list-page.js';

/** @typedef {import('../shell/page-list.js').PageRequest} PageRequest */

/** The filter for payments that only the office can confirm. */
const TO_CONFIRM = 'to_confirm';
/** The methods of which the office confirms payments. */
const MANUAL = ['bank_transfer', 'cash'];
const METHODS = ['online', 'wallet', 'bank_transfer', 'cash', 'emi_deduction'];
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
        {
          name: 'method',
          label: t('pay.method'),
          type: 'select',
          choices: [
            { value: '', label: t('filter.all') },
            ...this.#methods.map((value) => ({ value, label: t(`payment.method.${value}`) })),
          ],
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

  /** The methods that payments of the chosen state can have. */
  get #methods() {
    return this.filter['status'] === TO_CONFIRM ? MANUAL : METHODS;
  }

  /** @param {PageRequest} page */
  #read({ signal, ...page }) {
    const { status, method } = this.filter;
    const isToConfirm = status === TO_CONFIRM;
    const isPossible = this.#methods.some((known) => known === method);
    const query = {
      status: isToConfirm ? 'pending' : filterValue(status),
      method: isPossible ? method : isToConfirm ? MANUAL.join(',') : undefined,
    };
    return get('/api/v1/payments', { query: { ...query, ...page }, signal });
  }
}

/**
 * Whether the office confirms payments of this method.
 * @param {string} method
 */
export const isManual = (method) => MANUAL.includes(method);

customElements.define('ev-office-payments-page', PaymentsPage);
