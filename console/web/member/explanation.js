// Parts of the explanation of an amount: causes, people, rules, steps and postings.

import { h } from '../shell/view.js';
import { pairs } from '../shell/parts.js';
import { date, dateTime, money, monthName, signedMoney } from '../i18n/format.js';
import { find, t } from '../i18n/i18n.js';

/** @typedef {import('../shell/api.js').Answer<'get', '/api/v1/wallet/transactions/{id}/explain'>} Explanation */
/** @typedef {Explanation['causes'][number]['reference']} Reference */

/**
 * The number by which members know a cause, such as that of a booking; null when it has none.
 * @param {Reference} reference
 */
export function referenceText({ type, label }) {
  if (!label) return null;
  return find(`wallet.reference.${type}`, { label }) ?? label;
}

/** Lines with a text that a person wrote. */
const WRITTEN = ['DEPOSIT', 'ADJUSTMENT', 'RESERVE_RELEASE'];

/**
 * What a line of a wallet is about: the number of its cause, what a person wrote, or what became of its cause.
 * @param {Pick<Explanation['transaction'], 'type' | 'amount' | 'description' | 'reference'>} line
 */
export function lineText({ type, amount, description, reference }) {
  const about = find(`wallet.about.${type}.${amount.startsWith('-') ? 'out' : 'in'}`) ?? null;
  return referenceText(reference) ?? (WRITTEN.includes(type) ? description : about);
}

/** @param {Explanation['causes']} causes */
export const causeList = (causes) =>
  h(
    'ol',
    { class: 'feed' },
    causes.map(({ event, at, reference }) =>
      h(
        'li',
        { class: 'stack-small' },
        h(
          'span',
          null,
          h('strong', null, find(`wallet.cause.${event}`) ?? event.replaceAll('_', ' ')),
          reference.label ? ` · ${referenceText(reference)}` : null,
        ),
        h('time', { class: 'hint', datetime: at }, dateTime(at)),
      ),
    ),
  );

/**
 * @param {Explanation['people']} people
 * @param {(person: Explanation['people'][number]) => import('../shell/view.js').Child} [name]
 */
export const peopleList = (people, name = (person) => person.name ?? t('tree.unnamed')) =>
  pairs(people.map((person) => [t(`wallet.relation.${person.relation}`), name(person)]));

/** @param {Explanation['rules']} rules */
export const ruleList = (rules) =>
  h(
    'ul',
    { class: 'conditions' },
    rules.map((rule) => h('li', null, ruleText(rule))),
  );

/**
 * A rule in the language in use; the API's English where there is no translation of it or of one of its values.
 * @param {Explanation['rules'][number]} rule
 */
function ruleText({ code, params, text }) {
  const values = Object.entries(params).map(([name, value]) => [name, valueText(name, value)]);
  if (values.some(([, value]) => value === undefined)) return text;
  return find(`wallet.rule.${code}`, Object.fromEntries(values)) ?? text;
}

/**
 * @param {string} name
 * @param {string} value
 */
function valueText(name, value) {
  if (/^(amount|threshold|net_paid_before|net_paid_after)$/.test(name)) return money(value);
  if (name === 'method') return find(`payment.method.${value}`);
  if (name === 'cause') return find(`wallet.return.${value}`);
  if (name === 'is_active_buyer') return t(`choice.${value}`);
  return name === 'period' ? periodText(value) : value;
}

/**
 * @param {string} period a month `YYYYMM` or a day `YYYYMMDD`
 */
function periodText(period) {
  const [year, month, day] = [period.slice(0, 4), period.slice(4, 6), period.slice(6)];
  return day ? date(`${year}-${month}-${day}`) : monthName(`${year}-${month}`);
}

/** @param {Explanation['steps']} steps */
export const stepList = (steps) => h('ol', { class: 'steps' }, steps.map(step));

/** @param {Explanation['steps'][number]} step */
function step({ name, operation, operands, value }) {
  const text = (/** @type {string} */ term) => find(`wallet.term.${term}`) ?? term.replaceAll('_', ' ');
  return h(
    'li',
    null,
    h('span', { class: 'step-name' }, text(name)),
    h(
      'span',
      { class: 'hint' },
      operands.map((operand, i) => [
        i > 0 ? ` ${t(`wallet.op.${operation}`)} ` : null,
        operation === 'percent' && i === 1 ? `${operand.value} %` : money(operand.value),
        ` (${text(operand.name)})`,
      ]),
    ),
    h('strong', null, money(value)),
  );
}

/**
 * The name of an account: of the company, of all members together, or of one member, `member:ID:NAME`.
 * @param {string} account
 */
export function accountName(account) {
  const [owner, ...rest] = account.split(':');
  const key = owner === 'member' ? `wallet.${rest[1]}` : `ledger.account.${owner}.${rest[0]}`;
  return find(key) ?? account;
}

/** @param {Explanation['postings']} postings */
export const postingTable = (postings) =>
  h(
    'table',
    null,
    h('caption', { class: 'visually-hidden' }, t('wallet.postings')),
    h(
      'thead',
      null,
      h(
        'tr',
        null,
        h('th', { scope: 'col' }, t('wallet.account')),
        h('th', { scope: 'col', class: 'end' }, t('wallet.amount')),
      ),
    ),
    h(
      'tbody',
      null,
      postings.map(({ account, amount }) =>
        h('tr', null, h('td', null, accountName(account)), h('td', { class: 'end' }, signedMoney(amount))),
      ),
    ),
  );
