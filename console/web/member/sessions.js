// `<ev-sessions>`: where the member is signed in, and the end of a session.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { get, readAll, remove } from '../shell/api.js';
import { confirmAction } from '../shell/dialog.js';
import { tag } from '../shell/parts.js';
import { Resource, show } from '../shell/resource.js';
import { signOut } from '../shell/session.js';
import { toast } from '../shell/toast.js';
import { dateTime, relativeTime } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { deviceName } from './device-name.js';

/** @typedef {Awaited<ReturnType<typeof readSessions>>[number]} Session */

/** @param {AbortSignal} signal */
const readSessions = (signal) =>
  readAll((cursor) => get('/api/v1/auth/sessions', { query: { cursor, limit: 100 }, signal }));

class Sessions extends ViewElement {
  #sessions = new Resource(this, readSessions);

  start() {
    void this.#sessions.load();
  }

  view() {
    return show(this.#sessions, (sessions) => [
      h(
        'ul',
        { class: 'feed' },
        sessions.map((session) => this.#entry(session)),
      ),
      sessions.some(({ current }) => !current)
        ? h(
            'footer',
            { class: 'actions' },
            h(
              'button',
              { type: 'button', class: 'danger', onclick: () => this.#endOthers() },
              t('sessions.end_others'),
            ),
          )
        : null,
    ]);
  }

  /** @param {Session} session */
  #entry(session) {
    const { id, address, created_at: createdAt, last_used_at: lastUsedAt, current } = session;
    const device = deviceName(session);
    return h(
      'li',
      { key: id, class: 'row' },
      h(
        'div',
        { class: 'grow' },
        h('p', { class: 'row' }, h('strong', null, device), current ? tag(t('sessions.current'), 'good') : null),
        h('p', { class: 'hint' }, t('sessions.used', { time: relativeTime(lastUsedAt), address })),
        h('p', { class: 'hint' }, t('sessions.since', { time: dateTime(createdAt) })),
      ),
      h(
        'button',
        {
          type: 'button',
          class: 'danger',
          'aria-label': t('sessions.end_name', { name: device }),
          onclick: () => this.#end(session),
        },
        t('sessions.end'),
      ),
    );
  }

  /** @param {Session} session */
  async #end(session) {
    const { id, current } = session;
    const isEnded = await confirmAction({
      title: t('sessions.end'),
      effects: h('p', null, t(current ? 'sessions.end_current' : 'sessions.end_effect', { name: deviceName(session) })),
      label: t('sessions.end'),
      isDestructive: true,
      act: async (key) => {
        await (current ? signOut() : remove('/api/v1/auth/sessions/{id}', { params: { id }, key }));
        return true;
      },
    });
    if (!isEnded) return;
    toast(t('sessions.ended'));
    void this.#sessions.load();
  }

  async #endOthers() {
    const areEnded = await confirmAction({
      title: t('sessions.end_others'),
      effects: h('p', null, t('sessions.end_others_effect')),
      label: t('sessions.end_others'),
      isDestructive: true,
      act: async (key) => {
        await remove('/api/v1/auth/sessions', { query: { except: 'current' }, key });
        return true;
      },
    });
    if (!areEnded) return;
    toast(t('sessions.others_ended'));
    void this.#sessions.load();
  }
}

customElements.define('ev-sessions', Sessions);
