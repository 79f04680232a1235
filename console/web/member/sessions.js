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

/** @typedef {Awaited<ReturnType<typeof readSessions>>[number]} Session */

/** Marks of a browser in its user agent; the first found counts, as several name their ancestors too. */
const BROWSERS = ['Edg', 'OPR', 'SamsungBrowser', 'Firefox', 'Chrome', 'Safari'];
const SYSTEMS = ['Android', 'iPhone', 'iPad', 'Windows', 'Mac OS', 'Linux'];
const NAMES = new Map([
  ['Edg', 'Edge'],
  ['OPR', 'Opera'],
  ['SamsungBrowser', 'Samsung Internet'],
]);

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
    const device = deviceOf(session);
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
      effects: h('p', null, t(current ? 'sessions.end_current' : 'sessions.end_effect', { name: deviceOf(session) })),
      label: t('sessions.end'),
      isDestructive: true,
      act: async () => {
        await (current ? signOut() : remove('/api/v1/auth/sessions/{id}', { params: { id } }));
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
      act: async () => {
        await remove('/api/v1/auth/sessions', { query: { except: 'current' } });
        return true;
      },
    });
    if (!areEnded) return;
    toast(t('sessions.others_ended'));
    void this.#sessions.load();
  }
}

/**
 * Browser and system of a session, or its user agent where they are unknown.
 * @param {Session} session
 */
function deviceOf({ user_agent: agent }) {
  const browser = BROWSERS.find((mark) => agent.includes(mark));
  const system = SYSTEMS.find((mark) => agent.includes(mark));
  if (!browser || !system) return agent || t('sessions.unknown');
  return t('sessions.device', { browser: NAMES.get(browser) ?? browser, system });
}

customElements.define('ev-sessions', Sessions);
