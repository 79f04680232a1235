// `<ev-office-grievance-page>`: one grievance with its history, and what staff do with it.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { get, post } from '../shell/api.js';
import { detailPage } from '../shell/detail-page.js';
import { backLink } from '../shell/parts.js';
import { Resource } from '../shell/resource.js';
import { ownId } from '../shell/session.js';
import { t } from '../i18n/i18n.js';
import { grievanceFacts, grievanceHistory, grievanceTags } from '../member/grievance-parts.js';
import { actionBar, actionButton, reasonField, runAction } from './actions.js';
import { personName, shortId } from './person-name.js';
import { reference } from './reference.js';

/** @typedef {import('../member/grievance-parts.js').Grievance} Grievance */
/** @typedef {import('./actions.js').Field} Field */

/**
 * @param {string} id
 * @param {AbortSignal} signal
 */
const readGrievance = (id, signal) => get('/api/v1/grievances/{id}', { params: { id }, signal });

/** @param {string} id */
const payoutLink = (id) => h('a', { href: `/office/payouts/${id}` }, shortId(id));

/** @returns {Field} */
const textField = () => ({
  name: 'text',
  label: t('office.grievance.reply_text'),
  hint: t('office.reason.member_hint'),
  type: 'textarea',
  input: { maxlength: 4000, rows: 5 },
});

class OfficeGrievancePage extends ViewElement {
  /** @type {Record<string, string>} */
  params = {};
  #grievance = new Resource(this, (signal) => readGrievance(this.params['id'] ?? '', signal));

  start() {
    void this.#grievance.load();
  }

  view() {
    return detailPage(
      { back: backLink('/office/grievances', t('grievances.title')), title: t('grievance.title') },
      this.#grievance,
      ({ grievance, steps }) => [
        h('div', { class: 'page-head' }, h('h1', null, grievance.number), h('p', null, grievanceTags(grievance))),
        this.#actions(grievance),
        grievanceFacts(grievance, [
          [t('office.person'), personName(grievance.user_id)],
          [t('booking.title'), grievance.booking_id ? reference('booking', grievance.booking_id) : null],
          [t('payout.title'), grievance.payout_id ? payoutLink(grievance.payout_id) : null],
          [t('office.grievance.assigned_to'), grievance.assigned_to ? personName(grievance.assigned_to) : null],
        ]),
        grievanceHistory(steps, (step) => (step.actor_id ? [' · ', personName(step.actor_id)] : null)),
      ],
    );
  }

  /** @param {Grievance} grievance */
  #actions({ id, status, user_id: owner, assigned_to: assignee, is_escalated: isEscalated }) {
    if (owner === ownId()) return h('p', { class: 'hint' }, t('office.own'));
    if (status === 'closed') return null;
    const params = { id };
    return actionBar(
      status === 'filed'
        ? this.#button('acknowledge', [], () => post('/api/v1/grievances/{id}/acknowledge', undefined, { params }))
        : null,
      assignee === ownId()
        ? null
        : this.#button('assign', [], () =>
            post('/api/v1/grievances/{id}/assign', { user_id: ownId() ?? '' }, { params }),
          ),
      this.#button('reply', [textField()], ({ text = '' }) =>
        post('/api/v1/grievances/{id}/reply', { text }, { params }),
      ),
      isEscalated
        ? null
        : this.#button('escalate', [reasonField(t('office.reason.member_hint'))], ({ reason = '' }) =>
            post('/api/v1/grievances/{id}/escalate', { reason }, { params }),
          ),
      this.#button('close', [reasonField(t('office.reason.member_hint'))], ({ reason = '' }) =>
        post('/api/v1/grievances/{id}/close', { reason }, { params }),
      ),
    );
  }

  /**
   * @param {'acknowledge' | 'assign' | 'reply' | 'escalate' | 'close'} step
   * @param {Field[]} fields
   * @param {(values: import('./actions.js').Values) => Promise<unknown>} act
   */
  #button(step, fields, act) {
    const label = t(`office.grievance.${step}`);
    const run = async () => {
      const effects = () => [t(`office.grievance.${step}_effect`)];
      if (await runAction({ title: label, label, fields, effects, act })) void this.#grievance.load();
    };
    return actionButton(label, () => void run());
  }
}

customElements.define('ev-office-grievance-page', OfficeGrievancePage);
