// `<ev-deliveries-page>`: messages by e-mail, SMS and web push, those that a provider refused first.

import { h } from '../shell/view.js';
import { pageList, reloadList } from '../shell/page-list.js';
import { get, post } from '../shell/api.js';
import { tag } from '../shell/parts.js';
import { dateTime } from '../i18n/format.js';
import { find, t } from '../i18n/i18n.js';
import { actionButton, runAction } from './actions.js';
import { twoLines } from './columns.js';
import { filterValue } from './filter-form.js';
import { ListPageElement, pageHead } from './list-page.js';
import { personName } from './person-name.js';

/** @typedef {import('./columns.js').Row<'/api/v1/notifications/deliveries'>} Delivery */

const STATES = /** @type {const} */ ({
  queued: 'warn',
  sent: 'good',
  bounced: 'bad',
  dead: 'bad',
  skipped: undefined,
});

class DeliveriesPage extends ListPageElement {
  defaults = { state: 'bounced' };

  /** @param {Delivery} delivery */
  async #retry(delivery) {
    const answer = await runAction({
      title: t('office.deliveries.retry'),
      label: t('office.deliveries.retry'),
      effects: () => [t('office.deliveries.retry_effect')],
      act: (_, key) =>
        post('/api/v1/notifications/deliveries/{id}/retry', undefined, { params: { id: delivery.id }, key }),
    });
    if (answer) reloadList(this);
  }

  view() {
    const states = Object.keys(STATES).map((value) => ({ value, label: t(`office.deliveries.state.${value}`) }));
    return h(
      'div',
      { class: 'page' },
      pageHead(t('office.deliveries.title')),
      this.filters([
        {
          name: 'state',
          label: t('office.deliveries.state'),
          type: 'select',
          choices: [...states, { value: 'all', label: t('filter.all') }],
        },
      ]),
      pageList({
        caption: t('office.deliveries.title'),
        empty: t('office.deliveries.empty'),
        columns: columns((delivery) => this.#retry(delivery)),
        rowKey: (delivery) => delivery.id,
        read: ({ signal, ...page }) =>
          get('/api/v1/notifications/deliveries', {
            query: { state: filterValue(this.filter['state']), ...page },
            signal,
          }),
      }),
    );
  }
}

/** @param {Delivery} delivery */
const nameOfMessage = ({ template }) => find(`notification.${template}.title`) ?? template;

/**
 * @param {(delivery: Delivery) => unknown} retry
 * @returns {import('./columns.js').Column<Delivery>[]}
 */
const columns = (retry) => [
  {
    label: t('office.deliveries.message'),
    cell: (row) =>
      twoLines(nameOfMessage(row), `${t(`preferences.channel.${row.channel}`)} · ${dateTime(row.created_at)}`),
  },
  { label: t('office.person'), cell: (row) => personName(row.user_id) },
  {
    label: t('office.deliveries.state'),
    cell: (row) =>
      twoLines(
        tag(t(`office.deliveries.state.${row.state}`), STATES[row.state]),
        row.state === 'queued' && row.held_for && row.attempts === 0
          ? t(`office.deliveries.held.${row.held_for}`)
          : t('office.deliveries.attempts', { count: row.attempts }),
      ),
  },
  { label: t('office.deliveries.error'), cell: (row) => row.last_error ?? '–', isWide: true },
  {
    label: t('office.deliveries.retry'),
    cell: (row) =>
      row.state === 'bounced' || row.state === 'dead'
        ? actionButton(
            t('office.deliveries.retry'),
            () => retry(row),
            undefined,
            t('office.deliveries.retry_name', { name: nameOfMessage(row) }),
          )
        : null,
  },
];

customElements.define('ev-deliveries-page', DeliveriesPage);
