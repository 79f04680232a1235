// `<ev-person-page>`: everything about one person, in tabs that load when they are opened.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { pageList } from '../shell/page-list.js';
import { get } from '../shell/api.js';
import { detailPage } from '../shell/detail-page.js';
import { backLink } from '../shell/parts.js';
import { Resource } from '../shell/resource.js';
import { t } from '../i18n/i18n.js';
import { auditColumns } from './audit-columns.js';
import { bookingColumns, documentColumns, paymentColumns, userTags } from './columns.js';
import './person-kyc.js';
import './person-payouts.js';
import './person-profile.js';
import './person-tree.js';
import './person-wallet.js';
import './tds-list.js';
import './tabs.js';

/** @typedef {Awaited<ReturnType<typeof readPerson>>} Person */
/** @typedef {import('../shell/page-list.js').PageRequest} PageRequest */

/**
 * @param {string} id
 * @param {AbortSignal} signal
 */
const readPerson = (id, signal) => get('/api/v1/users/{id}', { params: { id }, signal });

class PersonPage extends ViewElement {
  /** @type {Record<string, string>} */
  params = {};
  query = new URLSearchParams();
  #person = new Resource(this, (signal) => readPerson(this.params['id'] ?? '', signal));

  start() {
    void this.#person.load();
  }

  view() {
    return detailPage(
      { back: backLink('/office/people', t('office.people.back')), title: t('office.person') },
      this.#person,
      (person) => this.#content(person),
    );
  }

  /** @param {Person} person */
  #content(person) {
    const tabs = tabsOf(person, () => this.#person.load());
    return [
      h('div', { class: 'page-head' }, h('h1', null, person.name), userTags(person)),
      custom('ev-tabs', { '.label': person.name, '.query': this.query, '.tabs': tabs }),
    ];
  }
}

/**
 * @param {Person} person
 * @param {() => void} changed
 */
function tabsOf(person, changed) {
  const { id } = person;
  const of = { '.person': person, '.changed': changed };
  return [
    { name: 'profile', label: t('profile.title'), view: () => custom('ev-person-profile', of) },
    { name: 'wallet', label: t('wallet.title'), view: () => custom('ev-person-wallet', of) },
    { name: 'bookings', label: t('bookings.title'), view: () => bookings(id) },
    { name: 'payments', label: t('booking.payments'), view: () => payments(id) },
    { name: 'payouts', label: t('payouts.title'), view: () => custom('ev-person-payouts', of) },
    { name: 'kyc', label: t('kyc.title'), view: () => custom('ev-person-kyc', of) },
    { name: 'documents', label: t('documents.title'), view: () => documents(id) },
    { name: 'tree', label: t('office.person.tree'), view: () => custom('ev-person-tree', of) },
    { name: 'tds', label: t('tax.title'), view: () => custom('ev-tds-list', { '.userId': id }) },
    { name: 'audit', label: t('office.audit.title'), view: () => audit(id) },
  ];
}

/** @param {string} userId */
const bookings = (userId) =>
  pageList({
    caption: t('bookings.title'),
    empty: t('bookings.empty'),
    columns: bookingColumns(),
    rowKey: (row) => row.id,
    link: (row) => `/office/bookings/${row.id}`,
    read: ({ signal, ...page }) => get('/api/v1/bookings', { query: { user_id: userId, ...page }, signal }),
  });

/** @param {string} userId */
const payments = (userId) =>
  pageList({
    caption: t('booking.payments'),
    empty: t('payments.empty'),
    columns: paymentColumns(true),
    rowKey: (row) => row.id,
    link: (row) => `/office/payments/${row.id}`,
    read: ({ signal, ...page }) => get('/api/v1/payments', { query: { user_id: userId, ...page }, signal }),
  });

/** @param {string} userId */
const documents = (userId) =>
  pageList({
    caption: t('documents.title'),
    empty: t('documents.empty'),
    columns: documentColumns(true),
    rowKey: (row) => row.id,
    link: (row) => `/office/documents/${row.id}`,
    read: ({ signal, ...page }) => get('/api/v1/compliance/documents', { query: { user_id: userId, ...page }, signal }),
  });

/** @param {string} userId */
const audit = (userId) =>
  pageList({
    caption: t('office.audit.title'),
    empty: t('office.audit.empty'),
    columns: auditColumns(),
    rowKey: (row) => row.id,
    read: ({ signal, ...page }) =>
      get('/api/v1/audit/subjects/{subject}', { params: { subject: userId }, query: page, signal }),
  });

customElements.define('ev-person-page', PersonPage);
