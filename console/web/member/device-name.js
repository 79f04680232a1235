// Name of the device of a session.

import { t } from '../i18n/i18n.js';

/** Marks of a browser in its user agent; the first found counts, as several name their ancestors too. */
const BROWSERS = ['Edg', 'OPR', 'SamsungBrowser', 'Firefox', 'Chrome', 'Safari'];
const SYSTEMS = ['Android', 'iPhone', 'iPad', 'Windows', 'Mac OS', 'Linux'];
const NAMES = new Map([
  ['Edg', 'Edge'],
  ['OPR', 'Opera'],
  ['SamsungBrowser', 'Samsung Internet'],
]);

/**
 * Browser and system of a session, or its user agent where they are unknown.
 * @param {{user_agent: string}} session
 */
export function deviceName({ user_agent: agent }) {
  const browser = BROWSERS.find((mark) => agent.includes(mark));
  const system = SYSTEMS.find((mark) => agent.includes(mark));
  if (!browser || !system) return agent || t('sessions.unknown');
  return t('sessions.device', { browser: NAMES.get(browser) ?? browser, system });
}
