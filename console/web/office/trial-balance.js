// `<ev-trial-balance>`: debits and credits of the accounts at the end of a day, which a slider chooses.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { get } from '../shell/api.js';
import { card } from '../shell/parts.js';
import { Resource, show } from '../shell/resource.js';
import { amountOf, dateTime, money, paise, today } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { accountName } from '../member/explanation.js';
import { dataTable } from './data-table.js';

/** @typedef {import('../shell/api.js').Answer<'get', '/api/v1/ledger/trial-balance/series'>['points'][number]} Point */

const DAY_MS = 86_400_000;
/** The API gives at most 400 points, so a longer history has a point for each month. */
const MAX_DAYS = 400;

/** @param {AbortSignal} signal */
async function readPoints(signal) {
  const to = today();
  const read = (/** @type {string} */ from, /** @type {'day' | 'month'} */ step) =>
    get('/api/v1/ledger/trial-balance/series', { query: { from, to, step }, signal });
  const now = await read(to, 'day');
  const first = (now.first_posted_at ?? now.points[0]?.as_of ?? to).slice(0, 10);
  const days = (Date.parse(to) - Date.parse(first)) / DAY_MS + 1;
  return (await read(first, days > MAX_DAYS ? 'month' : 'day')).points;
}

class TrialBalance extends ViewElement {
  #points = new Resource(this, readPoints);
  /** The position of the point that is shown; the last one at the beginning. */
  #chosen = Infinity;

  start() {
    void this.#points.load();
  }

  view() {
    return show(this.#points, (points) => {
      const at = Math.min(this.#chosen, points.length - 1);
      const point = points[at];
      return point ? [this.#slider(points, at), table(point)] : h('p', { class: 'hint' }, t('chart.empty'));
    });
  }

  /**
   * @param {readonly Point[]} points
   * @param {number} at
   */
  #slider(points, at) {
    const time = dateTime(points[at]?.as_of ?? '');
    return h(
      'label',
      { class: 'field' },
      t('office.ledger.as_of', { time }),
      h('input', {
        type: 'range',
        min: 0,
        max: points.length - 1,
        value: at,
        disabled: points.length < 2,
        'aria-valuetext': time,
        oninput: (/** @type {{target: HTMLInputElement}} */ { target }) => {
          this.#chosen = Number(target.value);
          this.update();
        },
      }),
    );
  }
}

/** @param {Point} point */
function table({ balances }) {
  // A positive balance is a credit.
  const rows = Object.entries(balances).map(([account, balance]) => ({ account, balance: paise(balance) }));
  const debit = rows.reduce((sum, { balance }) => (balance < 0n ? sum - balance : sum), 0n);
  const credit = rows.reduce((sum, { balance }) => (balance > 0n ? sum + balance : sum), 0n);
  const text = (/** @type {bigint} */ value) => money(amountOf(value > 0n ? value : 0n));
  return card(
    t('office.ledger.trial_balance'),
    dataTable(
      t('office.ledger.trial_balance'),
      [t('wallet.account'), t('office.ledger.debit'), t('office.ledger.credit')],
      rows.map(({ account, balance }) => [accountName(account), text(-balance), text(balance)]),
      [t('office.ledger.total'), text(debit), text(credit)],
    ),
    h(
      'p',
      { class: debit === credit ? 'notice' : 'notice bad' },
      debit === credit
        ? t('office.ledger.even')
        : t('office.ledger.uneven', { amount: money(amountOf(credit - debit)) }),
    ),
  );
}

customElements.define('ev-trial-balance', TrialBalance);
