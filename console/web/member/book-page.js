// `<ev-book-page>`: booking of a vehicle, with its booking amount and, if wanted, an EMI.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { get, post } from '../shell/api.js';
import { confirmAction } from '../shell/dialog.js';
import { amountInput, amountText, isAmount } from '../shell/form.js';
import { detailPage } from '../shell/detail-page.js';
import { backLink, effectList, pairs } from '../shell/parts.js';
import { Preview, showPreview } from '../shell/preview.js';
import { Resource, show } from '../shell/resource.js';
import { navigate } from '../shell/router.js';
import { money } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { quotedInstalments } from './instalment-table.js';
import { FIRST_MONTHS, monthsField } from './emi-form.js';
import { stateChoices } from './receipt-tax.js';
import { fullName, gallery, vehicleName, vehicleOptions } from './vehicle-name.js';

/** @typedef {Awaited<ReturnType<typeof readVehicle>>} Vehicle */
/** @typedef {Awaited<ReturnType<typeof readPlan>>['plan']['booking']} Terms */
/** @typedef {import('../shell/form.js').Values} Values */
/** @typedef {import('../shell/form.js').Sent} Sent */
/** @typedef {import('../shell/api.js').Body<'post', '/api/v1/bookings/quote'>} Request */

/**
 * @param {string} id
 * @param {AbortSignal} signal
 */
const readVehicle = (id, signal) => get('/api/v1/vehicles/{id}', { params: { id }, signal });

/** @param {AbortSignal} signal */
const readPlan = (signal) => get('/api/v1/plan', { signal });

class BookPage extends ViewElement {
  /** @type {Record<string, string>} */
  params = {};
  #vehicle = new Resource(this, (signal) => readVehicle(this.params['id'] ?? '', signal));
  #plan = new Resource(this, readPlan);
  #quote = new Preview(this, async (/** @type {Request} */ request, signal) => {
    const quote = await post('/api/v1/bookings/quote', request, { signal });
    this.#taxedIn ??= quote.taxed_in ?? undefined;
    return quote;
  });
  /** @type {Values} */
  #values = {};
  /** @type {string | undefined} The first choice of the state of delivery, where tax is shown. */
  #taxedIn;

  start() {
    void Promise.all([this.#vehicle.load(), this.#plan.load()]).then(() => this.#requote());
  }

  view() {
    return detailPage(
      { back: backLink('/vehicles', t('vehicles.back')), title: t('book.title') },
      this.#vehicle,
      (vehicle) => [
        h('h1', null, vehicleName(vehicle)),
        vehicleOptions(vehicle) ? h('p', { class: 'hint' }, vehicleOptions(vehicle)) : null,
        gallery(vehicle.pictures, vehicleName(vehicle)),
        h('p', { class: 'figure' }, money(vehicle.price)),
        h(
          'section',
          { class: 'card' },
          h('h2', null, t('book.title')),
          show(this.#plan, ({ plan }) => this.#form(vehicle, plan.booking)),
        ),
      ],
    );
  }

  /**
   * @param {Vehicle} vehicle
   * @param {Terms} terms
   */
  #form(vehicle, terms) {
    const { emi = 'yes', months = FIRST_MONTHS } = this.#values;
    /** @type {import('../shell/form.js').Field[]} */
    const fields = [
      {
        name: 'booking_amount',
        label: t('booking.booking_amount'),
        hint: t('book.amount_hint', { minimum: money(terms.minimum_amount) }),
        value: terms.minimum_amount,
        input: amountInput(),
      },
      {
        name: 'emi',
        label: t('book.rest'),
        type: 'select',
        value: 'yes',
        choices: ['yes', 'no'].map((value) => ({ value, label: t(`book.emi_${value}`) })),
      },
    ];
    if (emi === 'yes') fields.push(monthsField(terms, months));
    // Once tax is shown on receipts, its place has to be chosen; the company's own is the first choice.
    if (this.#taxedIn) fields.push(stateField(this.#taxedIn));
    return custom('ev-form', {
      '.fields': fields,
      '.submitLabel': t('book.submit'),
      '.preview': showPreview(this.#quote, quoteParts),
      '.changed': (/** @type {Values} */ values) => this.#change(values),
      '.send': (/** @type {Values} */ values, /** @type {Sent} */ sent) => this.#book(vehicle, values, sent),
      '.done': (/** @type {{id: string} | undefined} */ booking) => booking && navigate(`/bookings/${booking.id}`),
    });
  }

  /** @param {Values} values */
  #change(values) {
    // The months chosen before stay while the EMI is switched off.
    this.#values = { ...this.#values, ...values };
    this.#requote();
    this.update();
  }

  #requote() {
    const [vehicle, terms] = [this.#vehicle.value, this.#plan.value?.plan.booking];
    if (!vehicle || !terms) return;
    const {
      booking_amount: amount = terms.minimum_amount,
      emi = 'yes',
      months = FIRST_MONTHS,
      delivery_state: state,
    } = this.#values;
    void this.#quote.change(
      isAmount(amount) ? requestOf(vehicle, { amount, months: emi === 'yes' ? months : undefined, state }) : null,
    );
  }

  /**
   * @param {Vehicle} vehicle
   * @param {Values} values
   * @param {Sent} sent
   */
  #book(vehicle, { booking_amount: entered = '', months, delivery_state: state }, sent) {
    const body = requestOf(vehicle, { amount: entered, months, state });
    const effects = [
      t('book.effect_price', { name: fullName(vehicle), price: money(vehicle.price) }),
      t('book.effect_amount', { amount: money(body.booking_amount) }),
      months ? t('book.effect_emi', { count: months }) : t('book.effect_no_emi'),
    ];
    return confirmAction({
      title: t('book.title'),
      effects: effectList(effects),
      label: t('book.submit'),
      ...sent,
      act: (key) => post('/api/v1/bookings', body, { key }),
    });
  }
}

/**
 * @param {string} value
 * @returns {import('../shell/form.js').Field}
 */
const stateField = (value) => ({
  name: 'delivery_state',
  label: t('book.state'),
  hint: t('book.state_hint'),
  type: 'select',
  value,
  choices: stateChoices(),
});

/**
 * @param {Vehicle} vehicle
 * @param {{amount: string, months: string | undefined, state: string | undefined}} chosen
 * @returns {Request}
 */
const requestOf = (vehicle, { amount, months, state }) => ({
  vehicle_id: vehicle.id,
  booking_amount: amountText(amount),
  emi_months: months ? Number(months) : null,
  delivery_state: state || null,
});

/** @param {import('../shell/api.js').Answer<'post', '/api/v1/bookings/quote'>} quote */
const quoteParts = ({ price, booking_amount: amount, principal, instalments }) => [
  pairs([
    [t('booking.price'), money(price)],
    [t('booking.booking_amount'), money(amount)],
    [t('book.left'), money(principal)],
  ]),
  instalments.length > 0 ? quotedInstalments(instalments) : null,
];

customElements.define('ev-book-page', BookPage);
