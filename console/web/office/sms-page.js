// `<ev-office-sms-page>`: what became of each SMS, by the receipts of its provider.

import { h } from '../shell/view.js';
import { pageList } from '../shell/page-list.js';
import { get } from '../shell/api.js';
import { tag } from '../shell/parts.js';
import { t } from '../i18n/i18n.js';
import { timeColumn, twoLines } from './columns.js';
import { filterValue } from './filter-form.js';
import { ListPageElement, pageHead } from './list-page.js';

/** @typedef {import('./columns.js').Row<'/api/v1/auth/sms-deliveries'>} Delivery */
/** @typedef {Delivery['state']} State */

/** @type {Record<State, import('../shell/parts.js').Tone>} */
const TONES = { accepted: 'plain', sent: 'warn', delivered: 'good', failed: 'bad' };
const STATES = /** @type {State[]} */ (Object.keys(TONES));

class SmsPage extends ListPageElement {
  view() {
    return h(
      'div',
      { class: 'page' },
      pageHead(t('office.sms.title')),
      h('p', { class: 'hint' }, t('office.sms.about')),
      this.filters([
        {
          name: 'state',
          label: t('booking.status'),
          type: 'select',
          choices: [
            { value: 'all', label: t('filter.all') },
            ...STATES.map((state) => ({ value: state, label: t(`office.sms.state.${state}`) })),
          ],
        },
        { name: 'recipient', label: t('profile.mobile'), input: { inputmode: 'tel', maxlength: 20 } },
      ]),
      pageList({
        caption: t('office.sms.title'),
        empty: t('office.sms.empty'),
        columns: columns(),
        rowKey: (row) => `${row.provider}/${row.message_id}`,
        read: ({ signal, ...page }) =>
          get('/api/v1/auth/sms-deliveries', {
            query: {
              state: /** @type {State | undefined} */ (filterValue(this.filter['state'])),
              recipient: this.filter['recipient'] || undefined,
              ...page,
            },
            signal,
          }),
      }),
    );
  }
}

/** @returns {import('./columns.js').Column<Delivery>[]} */
const columns = () => [
  {
    label: t('profile.mobile'),
    cell: (row) => twoLines(row.recipient, t(row.has_code ? 'office.sms.code' : 'office.sms.notice')),
  },
  {
    label: t('booking.status'),
    cell: (row) =>
      h(
        'span',
        { class: 'tags' },
        tag(t(`office.sms.state.${row.state}`), TONES[row.state]),
        row.error_code ? tag(t('office.sms.error', { code: row.error_code })) : null,
      ),
  },
  { label: t('office.sms.provider'), cell: (row) => twoLines(row.provider, row.message_id), isWide: true },
  timeColumn(t('office.sms.sent_at'), (row) => row.sent_at),
  timeColumn(t('office.sms.reported_at'), (row) => row.reported_at),
];

customElements.define('ev-office-sms-page', SmsPage);
