// What a person sees when files of the console cannot be fetched: the document's own text, with a way to try again.
//
// A script of its own before all others, because it must not need them.

window.addEventListener(
  'error',
  ({ target }) => {
    const isNeeded =
      target instanceof HTMLScriptElement || (target instanceof HTMLLinkElement && target.rel === 'stylesheet');
    if (!isNeeded) return;
    document.addEventListener('DOMContentLoaded', show);
    if (document.readyState !== 'loading') show();
  },
  true,
);

function show() {
  document.getElementById('unreachable')?.removeAttribute('hidden');
  window.addEventListener('online', () => location.reload());
}
