// Service worker of web push: shows a notification of the platform while no page is open, and opens its page. It
// neither stores nor answers anything.

/**
 * What the types of a page lack of a service worker.
 * @typedef {Event & {
 *   data: {json: () => {title?: string, body?: string, lang?: string, tag?: string, path?: unknown}} | null,
 *   notification: Notification,
 *   waitUntil: (done: Promise<unknown>) => void,
 * }} WorkerEvent
 * @typedef {{focus: () => Promise<unknown>, navigate: (path: string) => Promise<unknown>}} Tab
 * @typedef {{
 *   clients: {matchAll: (options: object) => Promise<Tab[]>, openWindow: (path: string) => Promise<unknown>},
 *   registration: ServiceWorkerRegistration,
 *   addEventListener: (type: string, listener: (event: WorkerEvent) => void) => void,
 * }} PushWorker
 */

const worker = /** @type {PushWorker} */ (/** @type {unknown} */ (self));

/**
 * A page of this console; another address is not opened.
 * @param {unknown} path
 */
const pageOf = (path) => (typeof path === 'string' && /^\/(?![/\\])/.test(path) ? path : '/notifications');

/** @param {string} path */
async function openPage(path) {
  const [first] = await worker.clients.matchAll({ type: 'window' });
  if (!first) return worker.clients.openWindow(path);
  await first.focus();
  // A page that this worker does not control cannot be led elsewhere.
  return first.navigate(path).catch(() => worker.clients.openWindow(path));
}

worker.addEventListener('push', (event) => {
  const { title, body, lang, tag, path } = event.data?.json() ?? {};
  const options = { body, lang, tag, data: { path: pageOf(path) } };
  event.waitUntil(worker.registration.showNotification(title ?? 'EV Platform', options));
});

worker.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(openPage(pageOf(event.notification.data?.path)));
});
