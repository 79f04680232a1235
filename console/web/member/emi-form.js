// `<ev-emi-form>`: choice of an EMI for a booking that has none.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { get, post } from '../shell/api.js';
import { confirmAction } from '../shell/dialog.js';
import { Preview, showPreview } from '../shell/preview.js';
import { Resource, show } from '../shell/resource.js';
import { t } from '../i18n/i18n.js';
import { quotedInstalments } from './instalment-table.js';
import '../shell/form.js';

/** @typedef {import('../shell/form.js').Values} Values */
/** @typedef {import('../shell/form.js').Sent} Sent */

/** The months that the slider begins with. */
export const FIRST_MONTHS = '12';

/**
 * A slider for the months of an EMI, within the limits of the plan.
 * @param {{emi_months_min: number, emi_months_max: number}} terms
 * @param {string} months
 * @returns {import('../shell/form.js').Field}
 */
export function monthsField({ emi_months_min: min, emi_months_max: max }, months) {
  return {
    name: 'months',
    label: t('emi.months', { count: months }),
    hint: t('emi.months_hint', { min, max }),
    type: 'range',
    value: months,
    input: { min, max, step: 1, 'aria-valuetext': t('emi.months', { count: months }) },
  };
}

class EmiForm extends ViewElement {
  /** @type {{id: string}} */
  booking = { id: '' };
  /** @type {() => void} */
  done = () => undefined;
  #plan = new Resource(this, (signal) => get('/api/v1/plan', { signal }));
  #quote = new Preview(this, (/** @type {string} */ months, signal) =>
    get('/api/v1/bookings/{id}/emi/quote', { params: { id: this.booking.id }, query: { months }, signal }),
  );
  #months = FIRST_MONTHS;

  start() {
    void this.#plan.load();
    void this.#quote.change(this.#months);
  }

  view() {
    return show(this.#plan, ({ plan }) => [
      h('p', null, t('emi.intro')),
      custom('ev-form', {
        '.fields': [monthsField(plan.booking, this.#months)],
        '.submitLabel': t('emi.submit'),
        '.preview': showPreview(this.#quote, ({ instalments }) => quotedInstalments(instalments)),
        '.changed': (/** @type {Values} */ { months = FIRST_MONTHS }) => {
          this.#months = months;
          void this.#quote.change(months);
        },
        '.send': (/** @type {Values} */ { months = FIRST_MONTHS }, /** @type {Sent} */ sent) =>
          this.#choose(months, sent),
        '.done': (/** @type {unknown} */ schedule) => schedule && this.done(),
      }),
    ]);
  }

  /**
   * @param {string} months
   * @param {Sent} sent
   */
  #choose(months, sent) {
    const { id } = this.booking;
    return confirmAction({
      title: t('emi.title'),
      effects: h('p', null, t('emi.effect', { count: months })),
      label: t('emi.submit'),
      ...sent,
      act: (key) => post('/api/v1/bookings/{id}/emi', { months: Number(months) }, { params: { id }, key }),
    });
  }
}

customElements.define('ev-emi-form', EmiForm);
