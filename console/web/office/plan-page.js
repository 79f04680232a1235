// `<ev-plan-page>`: the compensation plan in force, its versions, and administrators' change and simulation of it.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { get } from '../shell/api.js';
import { card, tag } from '../shell/parts.js';
import { Resource, show } from '../shell/resource.js';
import { isAdmin } from '../shell/session.js';
import { dateTime, money } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { reloadList } from '../shell/page-list.js';
import { officeList, pageHead } from './list-page.js';
import { planTerms, planWords } from './plan-terms.js';
import './plan-form.js';
import './plan-simulation.js';
import './tabs.js';

/** @typedef {import('../shell/api.js').Answer<'get', '/api/v1/plan'>} PlanVersion */

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
    const history = { name: 'history', label: t('office.plan.history'), view: () => versions() };
    const ofAdmins = [
      {
        name: 'edit',
        label: t('office.plan.edit'),
        view: () => custom('ev-plan-form', { '.plan': version.plan, '.done': () => this.#published() }),
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

  #published() {
    void this.#version.load();
    reloadList(this);
  }
}

/** @param {PlanVersion} version */
const inForce = ({ version, effective_from: from, plan }) =>
  h(
    'div',
    { class: 'cards' },
    card(t('office.plan.words'), ...planWords(plan)),
    card(
      t('office.plan.numbers'),
      h('p', { class: 'hint' }, t('office.plan.version_from', { version, time: dateTime(from) })),
      planTerms(plan),
    ),
  );

const versions = () =>
  officeList({
    caption: t('office.plan.history'),
    empty: t('list.empty'),
    columns: [
      {
        label: t('office.plan.version'),
        cell: (/** @type {PlanVersion} */ row) => h('strong', null, `${row.version} · ${row.plan.name}`),
      },
      { label: t('office.plan.effective_from'), cell: (row) => dateTime(row.effective_from) },
      {
        label: t('booking.status'),
        cell: (row) =>
          new Date(row.effective_from).getTime() > Date.now() ? tag(t('office.plan.planned'), 'warn') : null,
      },
      {
        label: t('office.plan.pairs.gross'),
        align: 'end',
        cell: (row) => money(row.plan.pairs.gross),
        isWide: true,
      },
    ],
    rowKey: (row) => String(row.version),
    read: ({ signal, ...page }) => get('/api/v1/plan/versions', { query: page, signal }),
  });

customElements.define('ev-plan-page', PlanPage);
