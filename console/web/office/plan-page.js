// `<ev-plan-page>`: the compensation plan in force, its versions, and administrators' change and simulation of it.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { get, remove } from '../shell/api.js';
import { card, tag } from '../shell/parts.js';
import { Resource, show } from '../shell/resource.js';
import { isAdmin } from '../shell/session.js';
import { dateTime, money } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { pageList, reloadList } from '../shell/page-list.js';
import { actionButton, runAction } from './actions.js';
import { pageHead } from './list-page.js';
import { planTerms, planWords } from './plan-terms.js';
import { startText } from './range.js';
import './plan-form.js';
import './plan-simulation.js';
import './tabs.js';

/** @typedef {import('../shell/api.js').Answer<'get', '/api/v1/plan'>} PlanVersion */
/** @typedef {import('./columns.js').Row<'/api/v1/plan/versions'>} PublishedVersion */

class PlanPage extends ViewElement {
  query = new URLSearchParams();
  #version = new Resource(this, (signal) => get('/api/v1/plan', { signal }));

  start() {
    void this.#version.load();
  }

  view() {
    return h(
      'div',
      { class: 'page' },
      pageHead(t('office.plan.title')),
      show(this.#version, (version) => this.#tabs(version)),
    );
  }

  /** @param {PlanVersion} version */
  #tabs(version) {
    const current = { name: 'current', label: t('office.plan.in_force'), view: () => inForce(version) };
    const history = { name: 'history', label: t('office.plan.history'), view: () => this.#versions() };
    const ofAdmins = [
      {
        name: 'edit',
        label: t('office.plan.edit'),
        view: () => custom('ev-plan-form', { '.plan': version.plan, '.done': () => this.#read() }),
      },
      {
        name: 'simulate',
        label: t('office.plan.simulate'),
        view: () => custom('ev-plan-simulation', { '.plan': version.plan }),
      },
    ];
    return custom('ev-tabs', {
      '.label': t('office.plan.title'),
      '.query': this.query,
      '.tabs': isAdmin() ? [current, history, ...ofAdmins] : [current, history],
    });
  }

  #read() {
    void this.#version.load();
    reloadList(this);
  }

  #versions() {
    const columns = isAdmin() ? [...versionColumns(), this.#actionColumn()] : versionColumns();
    return pageList({
      caption: t('office.plan.history'),
      empty: t('list.empty'),
      columns,
      rowKey: (row) => String(row.version),
      read: ({ signal, ...page }) => get('/api/v1/plan/versions', { query: page, signal }),
    });
  }

  /** @returns {import('./columns.js').Column<PublishedVersion>} */
  #actionColumn() {
    return {
      label: t('office.plan.action'),
      cell: (row) => {
        const name = t('office.plan.withdraw_version', { version: row.version });
        return row.state === 'scheduled'
          ? actionButton(t('office.plan.withdraw'), () => this.#withdraw(row), 'danger', name)
          : null;
      },
    };
  }

  /** @param {PublishedVersion} version */
  async #withdraw({ version, effective_from: from }) {
    const withdrawn = await runAction({
      title: t('office.plan.withdraw_version', { version }),
      label: t('office.plan.withdraw'),
      isDestructive: true,
      effects: () => [
        t('office.plan.withdraw_effect', { version, time: dateTime(from) }),
        t('office.plan.withdraw_final_effect'),
      ],
      act: (_, key) => remove('/api/v1/plan/versions/{version}', { params: { version }, key }).then(() => true),
    });
    if (withdrawn) this.#read();
  }
}

/** @param {string} time */
const sinceText = (time) => t('office.tax.from', { from: dateTime(time) });

/**
 * @param {number} version
 * @param {string} from
 */
const versionText = (version, from) => t('office.plan.version_from', { version, time: startText(from, sinceText) });

/** @param {PlanVersion} version */
const inForce = ({ version, effective_from: from, plan }) =>
  h(
    'div',
    { class: 'cards' },
    card(t('office.plan.words'), ...planWords(plan)),
    card(t('office.plan.numbers'), h('p', { class: 'hint' }, versionText(version, from)), planTerms(plan)),
  );

/** @returns {import('./columns.js').Column<PublishedVersion>[]} */
const versionColumns = () => [
  { label: t('office.plan.version'), cell: (row) => h('strong', null, `${row.version} · ${row.plan.name}`) },
  { label: t('office.plan.effective_from'), cell: (row) => startText(row.effective_from, dateTime) },
  { label: t('booking.status'), cell: stateTag },
  {
    label: t('office.plan.pairs.gross'),
    align: 'end',
    cell: (row) => money(row.plan.pairs.gross),
    isWide: true,
  },
];

/** @param {PublishedVersion} version */
function stateTag({ state }) {
  if (state === 'scheduled') return tag(t('office.plan.planned'), 'warn');
  if (state === 'in_force') return tag(t('office.plan.in_force'), 'good');
  return state === 'withdrawn' ? tag(t('office.plan.withdrawn'), 'plain') : null;
}

customElements.define('ev-plan-page', PlanPage);
