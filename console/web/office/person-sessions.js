// `<ev-person-sessions>`: where a person is signed in, and the end of a session by an administrator.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { get, readAll, remove } from '../shell/api.js';
import { Resource, show } from '../shell/resource.js';
import { dateTime, relativeTime } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { deviceName } from '../member/device-name.js';
import { actionButton, runAction } from './actions.js';

/** @typedef {Awaited<ReturnType<typeof readSessions>>[number]} Session */

/**
 * @param {string} userId
 * @param {AbortSignal} signal
 */
const readSessions = (userId, signal) =>
  readAll((cursor) =>
    get('/api/v1/users/{id}/sessions', { params: { id: userId }, query: { cursor, limit: 100 }, signal }),
  );

class PersonSessions extends ViewElement {
  userId = '';
  #sessions = new Resource(this, (signal) => readSessions(this.userId, signal));

  start() {
    void this.#sessions.load();
  }

  view() {
    return show(this.#sessions, (sessions) =>
      sessions.length > 0
        ? h(
            'ul',
            { class: 'feed' },
            sessions.map((session) => this.#entry(session)),
          )
        : h('p', { class: 'hint' }, t('office.person.no_session')),
    );
  }

  /** @param {Session} session */
  #entry(session) {
    const { id, address, created_at: createdAt, last_used_at: lastUsedAt } = session;
    const name = deviceName(session);
    return h(
      'li',
      { key: id, class: 'row' },
      h(
        'div',
        { class: 'grow' },
        h('strong', null, name),
        h('p', { class: 'hint' }, t('sessions.used', { time: relativeTime(lastUsedAt), address })),
        h('p', { class: 'hint' }, t('sessions.since', { time: dateTime(createdAt) })),
      ),
      actionButton(t('sessions.end'), () => this.#end(id, name), 'danger', t('sessions.end_name', { name })),
    );
  }

  /**
   * @param {string} sessionId
   * @param {string} name
   */
  async #end(sessionId, name) {
    const params = { id: this.userId, session_id: sessionId };
    const isEnded = await runAction({
      title: t('sessions.end'),
      label: t('sessions.end'),
      isDestructive: true,
      effects: () => [t('sessions.end_effect', { name })],
      act: (_, key) => remove('/api/v1/users/{id}/sessions/{session_id}', { params, key }).then(() => true),
    });
    if (isEnded) void this.#sessions.load();
  }
}

customElements.define('ev-person-sessions', PersonSessions);
