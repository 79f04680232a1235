// `<ev-grievances-page>`: the member's grievances, a form for the next one, and the officer.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { get, orNull, post } from '../shell/api.js';
import { pageList, reloadList } from '../shell/page-list.js';
import { card, pairs } from '../shell/parts.js';
import { Resource } from '../shell/resource.js';
import { ownId } from '../shell/session.js';
import { toast } from '../shell/toast.js';
import { dateTime, number } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { CATEGORIES, grievanceTags } from './grievance-parts.js';
import '../shell/form.js';

/** @typedef {import('../shell/form.js').Values} Values */

/** @param {AbortSignal} signal */
const readOfficer = (signal) => orNull(get('/api/v1/grievance-officer', { signal }));

class GrievancesPage extends ViewElement {
  query = new URLSearchParams();
  #officer = new Resource(this, readOfficer);
  #filed = 0;

  start() {
    void this.#officer.load();
  }

  view() {
    return h(
      'div',
      { class: 'page' },
      h('h1', null, t('grievances.title')),
      h('p', { class: 'hint' }, t('grievances.about')),
      pageList({
        caption: t('grievances.title'),
        empty: t('grievances.empty'),
        columns: [
          { label: t('grievance.number'), cell: (row) => row.number },
          { label: t('grievance.category'), cell: (row) => t(`grievance.category.${row.category}`) },
          { label: t('booking.status'), cell: grievanceTags },
          { label: t('grievance.filed_at'), cell: (row) => dateTime(row.filed_at), isWide: true },
        ],
        rowKey: (row) => row.id,
        link: (row) => `/grievances/${row.id}`,
        read: ({ signal, ...page }) => get('/api/v1/grievances', { query: { user_id: ownId(), ...page }, signal }),
      }),
      this.#form(),
      this.#officerCard(),
    );
  }

  /** The booking or payout from whose page the member comes. */
  get #about() {
    const [bookingId, payoutId] = [this.query.get('booking'), this.query.get('payout')];
    return { ...(bookingId ? { booking_id: bookingId } : {}), ...(payoutId ? { payout_id: payoutId } : {}) };
  }

  #form() {
    const { booking_id: bookingId, payout_id: payoutId } = this.#about;
    return card(
      t('grievance.file'),
      bookingId ? h('p', null, h('a', { href: `/bookings/${bookingId}` }, t('grievance.about_booking'))) : null,
      payoutId ? h('p', null, h('a', { href: `/payouts/${payoutId}` }, t('grievance.about_payout'))) : null,
      custom('ev-form', {
        key: `file ${this.#filed}`,
        '.fields': fields(),
        '.submitLabel': t('grievance.file'),
        '.send': (/** @type {Values} */ values, /** @type {import('../shell/form.js').Sent} */ { key }) =>
          post('/api/v1/grievances', { ...grievanceOf(values), ...this.#about }, { key }),
        '.done': () => this.#finish(),
      }),
    );
  }

  #finish() {
    this.#filed += 1;
    toast(t('grievance.is_filed'));
    this.update();
    reloadList(this);
  }

  #officerCard() {
    const officer = this.#officer.value;
    if (!officer) return null;
    return card(
      t('grievance.officer'),
      pairs([
        [t('grievance.officer_name'), officer.name],
        [t('grievance.officer_address'), officer.address],
        [t('grievance.officer_email'), h('a', { href: `mailto:${officer.email}` }, officer.email)],
        [t('grievance.officer_phone'), officer.phone],
      ]),
      h('p', { class: 'hint' }, t('grievance.deadlines', { hours: number(officer.acknowledge_hours) })),
    );
  }
}

/** @returns {import('../shell/form.js').Field[]} */
const fields = () => [
  {
    name: 'category',
    label: t('grievance.category'),
    type: 'select',
    choices: CATEGORIES.map((value) => ({ value, label: t(`grievance.category.${value}`) })),
  },
  { name: 'text', label: t('grievance.text'), type: 'textarea', input: { maxlength: 4000, rows: 5 } },
];

/** @param {Values} values */
const grievanceOf = ({ category = '', text = '' }) => ({
  category: CATEGORIES.find((known) => known === category) ?? 'other',
  text,
});

customElements.define('ev-grievances-page', GrievancesPage);
