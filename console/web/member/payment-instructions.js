// `<ev-payment-instructions>`: where a bank transfer or cash goes, and with which reference.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { get } from '../shell/api.js';
import { pairs } from '../shell/parts.js';
import { Resource, show } from '../shell/resource.js';
import { t } from '../i18n/i18n.js';

/** @typedef {import('../shell/api.js').Answer<'get', '/api/v1/payments/instructions'>} Instructions */

class PaymentInstructions extends ViewElement {
  method = '';
  /** The number of the booking. */
  number = '';
  #instructions = new Resource(this, (signal) => get('/api/v1/payments/instructions', { signal }));

  start() {
    void this.#instructions.load();
  }

  view() {
    return show(this.#instructions, ({ bank_transfer: bank, cash }) => {
      if (this.method === 'bank_transfer') return bank ? this.#transfer(bank) : unknown();
      if (this.method === 'cash') return cash ? this.#cash(cash) : unknown();
      return null;
    });
  }

  /** @param {NonNullable<Instructions['bank_transfer']>} bank */
  #transfer(bank) {
    return pairs([
      [t('account.holder_name'), bank.account_name],
      [t('account.number'), bank.account_number],
      [t('account.ifsc'), bank.ifsc],
      [t('pay.upi'), bank.upi],
      [t('pay.reference'), this.number],
    ]);
  }

  /** @param {NonNullable<Instructions['cash']>} cash */
  #cash({ address }) {
    return pairs([
      [t('pay.cash_address'), address],
      [t('pay.reference'), this.number],
    ]);
  }
}

const unknown = () => h('p', null, t('pay.ask_office'));

customElements.define('ev-payment-instructions', PaymentInstructions);
