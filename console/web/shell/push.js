// Web push of this browser: its service worker, and its subscription at the platform.

import { get, put, remove } from './api.js';

const WORKER = '/push-worker.js';

/** Whether this browser knows web push. */
export const isPushSupported = () => 'serviceWorker' in navigator && 'PushManager' in window;

/** The subscription of this browser, or null. */
async function currentSubscription() {
  if (!isPushSupported()) return null;
  const registration = await navigator.serviceWorker.getRegistration(WORKER);
  return (await registration?.pushManager.getSubscription()) ?? null;
}

/**
 * What is known of web push here: the key of the platform, null where it has none, and whether the member's
 * notifications come to this browser.
 * @param {AbortSignal} signal
 */
export async function readPush(signal) {
  const [{ key }, { items }, subscription] = await Promise.all([
    get('/api/v1/notifications/push/key', { signal }),
    get('/api/v1/notifications/push/subscriptions', { signal }),
    currentSubscription(),
  ]);
  return { key, isOn: items.some(({ endpoint }) => endpoint === subscription?.endpoint) };
}

/**
 * Subscribes this browser, after its person has allowed notifications. Returns false if they have not.
 * @param {string} key
 */
export async function turnPushOn(key) {
  if ((await Notification.requestPermission()) !== 'granted') return false;
  await navigator.serviceWorker.register(WORKER);
  const registration = await navigator.serviceWorker.ready;
  const options = { userVisibleOnly: true, applicationServerKey: key };
  const { endpoint, keys } = (await registration.pushManager.subscribe(options)).toJSON();
  const { p256dh = '', auth = '' } = keys ?? {};
  await put('/api/v1/notifications/push/subscriptions', { endpoint: endpoint ?? '', keys: { p256dh, auth } });
  return true;
}

/** Ends the subscription of this browser, at the platform and at the push service. */
export async function turnPushOff() {
  const subscription = await currentSubscription();
  const { items } = await get('/api/v1/notifications/push/subscriptions');
  const own = items.find(({ endpoint }) => endpoint === subscription?.endpoint);
  if (own) await remove('/api/v1/notifications/push/subscriptions/{id}', { params: { id: own.id } });
  await subscription?.unsubscribe();
}

/** Ends the subscription of this browser when its person signs out. The platform learns it from the push service. */
export async function forgetPush() {
  const subscription = await currentSubscription().catch(() => null);
  await subscription?.unsubscribe().catch(() => false);
}
