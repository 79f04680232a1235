// `<ev-dashboard-page>`: totals of the platform, today, and the course of the business.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { get } from '../shell/api.js';
import { card } from '../shell/parts.js';
import { Resource, show } from '../shell/resource.js';
import { money, number } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { filterForm } from './filter-form.js';
import { pageHead } from './list-page.js';
import { groupingChoices, groupingOf, latestRange, rangeBefore } from './range.js';
import { trend } from './trend.js';
import './queue-list.js';

/** @typedef {import('../shell/api.js').Answer<'get', '/api/v1/reports/dashboard'>} Dashboard */
/** @typedef {import('./trend.js').Report} Report */
/** @typedef {'sales' | 'wallet' | 'payouts' | 'users'} ReportName */
/** @typedef {Record<ReportName, Report>} Reports */
/** @typedef {readonly [label: string, value: string, address: string]} Tile */

/** The charts: their report, their figure, and how they are drawn. */
const TRENDS = /** @type {const} */ ([
  ['revenue', 'sales', 'revenue', 'line'],
  ['bookings', 'sales', 'bookings', 'bar'],
  ['commission', 'wallet', 'commission', 'line'],
  ['payouts', 'payouts', 'paid_gross', 'line'],
  ['members', 'users', 'registrations', 'bar'],
]);

/**
 * @param {import('./range.js').Range} range
 * @param {AbortSignal} signal
 * @returns {Promise<Reports>}
 */
async function readReports(range, signal) {
  const options = { query: { ...range }, signal };
  const [sales, wallet, payouts, users] = await Promise.all([
    get('/api/v1/reports/sales', options),
    get('/api/v1/reports/wallet', options),
    get('/api/v1/reports/payouts', options),
    get('/api/v1/reports/users', options),
  ]);
  return { sales, wallet, payouts, users };
}

class DashboardPage extends ViewElement {
  /** @type {import('./range.js').Grouping} */
  #grouping = 'day';
  #isCompared = false;
  #totals = new Resource(this, (signal) => get('/api/v1/reports/dashboard', { signal }));
  #reports = new Resource(this, (signal) => readReports(latestRange(this.#grouping), signal));
  #earlier = new Resource(this, (signal) => readReports(rangeBefore(latestRange(this.#grouping)), signal));

  start() {
    void this.#totals.load();
    void this.#reports.load();
  }

  /** @param {import('./filter-form.js').Filter} filter */
  #choose({ grouping = '', compare }) {
    this.#isCompared = compare === 'true';
    const isOther = grouping !== this.#grouping;
    this.#grouping = groupingOf(grouping);
    if (isOther) void this.#reports.load();
    if (this.#isCompared && (isOther || !this.#earlier.value)) void this.#earlier.load();
    this.update();
  }

  view() {
    return h(
      'div',
      { class: 'page' },
      pageHead(t('office.dashboard.title')),
      card(t('office.queue.title'), custom('ev-queue-list')),
      show(this.#totals, totals),
      h(
        'section',
        { class: 'stack', 'aria-label': t('office.dashboard.course') },
        h('h2', null, t('office.dashboard.course')),
        filterForm(
          [
            { name: 'grouping', label: t('office.report.grouping'), type: 'select', choices: groupingChoices() },
            { name: 'compare', label: t('office.report.compare'), type: 'select', choices: compareChoices() },
          ],
          { grouping: this.#grouping, compare: String(this.#isCompared) },
          (filter) => this.#choose(filter),
        ),
        this.#isCompared ? show(this.#earlier, () => null) : null,
        show(this.#reports, (reports) => this.#charts(reports)),
      ),
    );
  }

  /** @param {Reports} reports */
  #charts(reports) {
    const earlier = this.#isCompared ? this.#earlier.value : undefined;
    return h(
      'div',
      { class: 'charts' },
      TRENDS.map(([name, report, figure, kind]) => {
        const before = earlier?.[report];
        // The ranges are read one after the other, and may differ while a new one loads.
        const isSame = before?.group_by === reports[report].group_by;
        return h(
          'section',
          { class: 'card', key: name },
          trend({
            caption: t(`office.dashboard.trend.${name}`),
            figure,
            report: reports[report],
            earlier: isSame ? before : null,
            kind,
          }),
        );
      }),
    );
  }
}

const compareChoices = () => ['false', 'true'].map((value) => ({ value, label: t(`office.report.compare.${value}`) }));

/** @param {Dashboard} dashboard */
const totals = ({ today: ofToday, bookings, payouts, ...sums }) => [
  card(
    t('office.dashboard.today'),
    figures([
      [t('office.dashboard.registrations'), number(ofToday.registrations)],
      [t('bookings.title'), number(ofToday.bookings)],
      [t('office.dashboard.revenue'), money(ofToday.revenue)],
      [t('office.dashboard.commission'), money(ofToday.commission)],
    ]),
  ),
  h('section', { class: 'cards', 'aria-label': t('office.dashboard.totals') }, [
    tile([t('office.dashboard.users'), number(sums.users), '/office/people']),
    tile([t('office.dashboard.active_buyers'), number(sums.active_buyers), '/office/people?active_buyer=true']),
    tile([t('office.dashboard.revenue'), money(sums.revenue), '/office/reports?report=sales']),
    tile([t('office.dashboard.commission'), money(sums.commission_paid), '/office/reports?report=wallet']),
    tile([
      t('office.dashboard.pending_payouts', { count: payouts.pending.count }),
      money(payouts.pending.amount),
      '/office/payouts',
    ]),
    tile([
      t('office.dashboard.paid_payouts', { count: payouts.paid.count }),
      money(payouts.paid.amount),
      '/office/payouts?status=completed',
    ]),
    tile([t('office.dashboard.liability'), money(sums.wallet_liability), '/office/ledger']),
    tile([t('office.dashboard.tds'), money(sums.tds), '/office/ledger']),
    tile([t('wallet.clawback_due'), money(sums.clawback_due), '/office/ledger']),
  ]),
  card(
    t('office.dashboard.bookings'),
    figures(
      /** @type {const} */ (['pre_booked', 'confirmed', 'completed', 'returned', 'cancelled', 'expired']).map(
        (status) => [t(`booking.status.${status}`), number(bookings[status])],
      ),
    ),
  ),
];

/** @param {readonly (readonly [string, string])[]} entries */
const figures = (entries) =>
  h(
    'dl',
    { class: 'figures' },
    entries.map(([name, value]) => h('div', null, h('dt', null, name), h('dd', null, value))),
  );

/** @param {Tile} tile */
const tile = ([label, value, address]) =>
  h(
    'a',
    { class: 'card tile', href: address, key: address + label },
    h('span', { class: 'label' }, label),
    h('span', { class: 'figure' }, value),
  );

customElements.define('ev-dashboard-page', DashboardPage);
