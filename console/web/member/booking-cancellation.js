// `<ev-booking-cancellation>`: cancellation of a booking, with a preview of its refunds.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { get, post } from '../shell/api.js';
import { confirmAction } from '../shell/dialog.js';
import { effectList } from '../shell/parts.js';
import { Preview, showPreview } from '../shell/preview.js';
import { toast } from '../shell/toast.js';
import { t } from '../i18n/i18n.js';
import { allowed, destinationOf, refundEffects, refundField } from './refund-effects.js';
import '../shell/form.js';

/** @typedef {import('./booking-page.js').Booking} Booking */
/** @typedef {import('../shell/form.js').Values} Values */
/** @typedef {import('../shell/form.js').Sent} Sent */
/** @typedef {'wallet' | 'source'} Destination */

class BookingCancellation extends ViewElement {
  /** @type {Booking | undefined} */
  booking;
  /** @type {() => void} */
  done = () => undefined;
  #preview = new Preview(this, (/** @type {Destination} */ to, signal) => this.#read(to, signal));
  /** @type {Destination} */
  #destination = 'wallet';
  /** @type {Booking | undefined} The booking as it was when the preview was read. */
  #previewed;

  /**
   * @param {Destination} to
   * @param {AbortSignal} [signal]
   */
  #read(to, signal) {
    const params = { id: this.booking?.id ?? '' };
    return get('/api/v1/bookings/{id}/cancellation', { params, query: { refund_to: to }, signal });
  }

  /** @param {Destination} destination */
  #choose(destination) {
    this.#destination = destination;
    this.#previewed = this.booking;
    void this.#preview.change(destination);
  }

  view() {
    const { booking } = this;
    if (!booking) return null;
    // A payment since then changes the refunds.
    if (this.#previewed && this.#previewed !== booking) this.#choose(this.#destination);
    const onToggle = (/** @type {{target: HTMLDetailsElement}} */ { target }) =>
      target.open && this.#choose(this.#destination);
    return h(
      'details',
      { ontoggle: onToggle },
      h('summary', { class: 'button' }, t('booking.cancel_open')),
      h(
        'div',
        { class: 'details-body' },
        custom('ev-form', {
          '.fields': [
            refundField(),
            { name: 'reason', label: t('booking.reason'), isOptional: true, input: { maxlength: 200 } },
          ],
          '.submitLabel': t('booking.cancel'),
          '.preview': showPreview(this.#preview, (preview) => effectList(refundEffects(preview))),
          '.changed': (/** @type {Values} */ values) => {
            if (destinationOf(values['refund_to']) !== this.#destination)
              this.#choose(destinationOf(values['refund_to']));
          },
          '.send': (/** @type {Values} */ values, /** @type {Sent} */ sent) => this.#cancel(booking, values, sent),
          '.done': (/** @type {unknown} */ answer) => answer && this.#finish(),
        }),
      ),
    );
  }

  /**
   * Asks with the refunds as they are now, which may differ from those of the preview.
   * @param {Booking} booking
   * @param {Values} values
   * @param {Sent} sent
   */
  async #cancel({ id, number }, values, sent) {
    const refundTo = destinationOf(values['refund_to']);
    const preview = allowed(await this.#read(refundTo));
    return confirmAction({
      title: t('booking.cancel'),
      effects: effectList([t('booking.cancel_effect', { number }), ...refundEffects(preview)]),
      label: t('booking.cancel'),
      isDestructive: true,
      ...sent,
      act: (key) =>
        post(
          '/api/v1/bookings/{id}/cancel',
          { refund_to: refundTo, reason: values['reason'] || null },
          { params: { id }, key },
        ),
    });
  }

  #finish() {
    toast(t('booking.cancelled'));
    this.done();
  }
}

customElements.define('ev-booking-cancellation', BookingCancellation);
