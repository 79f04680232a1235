// `<ev-erasure-page>`: one request to erase personal data, and the decision about it.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { get, post } from '../shell/api.js';
import { detailPage } from '../shell/detail-page.js';
import { backLink, card, pairs, statusTag } from '../shell/parts.js';
import { Resource } from '../shell/resource.js';
import { currentUser, isAdmin } from '../shell/session.js';
import { dateTime } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { actionBar, actionButton, reasonField, runAction } from './actions.js';
import { personName } from './person-name.js';

/** @typedef {Awaited<ReturnType<typeof readRequest>>} ErasureRequest */

/**
 * @param {string} id
 * @param {AbortSignal} signal
 */
const readRequest = (id, signal) => get('/api/v1/erasure-requests/{id}', { params: { id }, signal });

class ErasurePage extends ViewElement {
  /** @type {Record<string, string>} */
  params = {};
  #request = new Resource(this, (signal) => readRequest(this.params['id'] ?? '', signal));

  start() {
    void this.#request.load();
  }

  view() {
    return detailPage(
      { back: backLink('/office/erasures', t('office.erasures.back')), title: t('office.erasure') },
      this.#request,
      (request) => this.#content(request),
    );
  }

  /** @param {ErasureRequest} request */
  #content(request) {
    return [
      h(
        'div',
        { class: 'page-head' },
        h('h1', null, t('office.erasure.of'), ' ', personName(request.user_id)),
        statusTag('erasure', request.status),
      ),
      card(
        t('office.erasure'),
        pairs([
          [t('office.person'), h('strong', null, request.member_name)],
          [t('privacy.requested_at'), dateTime(request.requested_at)],
          [t('kyc.decided_at'), request.decided_at ? dateTime(request.decided_at) : null],
          [t('office.kyc.decided_by'), request.decided_by ? personName(request.decided_by) : null],
          [t('office.reason'), request.reason],
        ]),
        this.#actions(request),
      ),
    ];
  }

  /** @param {ErasureRequest} request */
  #actions(request) {
    if (request.status !== 'pending') return null;
    if (!isAdmin()) return h('p', { class: 'hint' }, t('office.erasure.admin_hint'));
    if (request.user_id === currentUser()?.userId) return h('p', { class: 'hint' }, t('office.own'));
    return actionBar(
      actionButton(t('office.erasure.reject'), () => this.#reject(request)),
      actionButton(t('office.erasure.approve'), () => this.#approve(request), 'danger'),
    );
  }

  /** @param {ErasureRequest} request */
  async #approve({ id, member_name: name }) {
    const answer = await runAction({
      title: t('office.erasure.approve'),
      label: t('office.erasure.approve'),
      isDestructive: true,
      effects: () => [
        t('office.erasure.approve_effect', { name }),
        t('office.erasure.check_effect'),
        t('office.erasure.final_effect'),
      ],
      act: (_, key) => post('/api/v1/erasure-requests/{id}/approve', undefined, { params: { id }, key }),
    });
    if (answer) this.#request.set(answer);
  }

  /** @param {ErasureRequest} request */
  async #reject({ id, member_name: name }) {
    const answer = await runAction({
      title: t('office.erasure.reject'),
      label: t('office.erasure.reject'),
      fields: [reasonField(t('office.reason.member_hint'))],
      effects: ({ reason = '' }) => [t('office.erasure.reject_effect', { name }), t('office.reason.given', { reason })],
      act: ({ reason = '' }, key) => post('/api/v1/erasure-requests/{id}/reject', { reason }, { params: { id }, key }),
    });
    if (answer) this.#request.set(answer);
  }
}

customElements.define('ev-erasure-page', ErasurePage);
