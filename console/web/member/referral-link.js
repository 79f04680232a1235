// `<ev-referral-link>`: the member's referral code and link, with a button that copies it and a QR code.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { get } from '../shell/api.js';
import { pairs } from '../shell/parts.js';
import { Resource, show } from '../shell/resource.js';
import { toast } from '../shell/toast.js';
import { t } from '../i18n/i18n.js';

/** @typedef {{code: string, url: string, imageUrl: string}} Link */

class ReferralLink extends ViewElement {
  #link = new Resource(this, (signal) => readLink(signal));
  #id = crypto.randomUUID();

  start() {
    void this.#link.load();
    this.signal.addEventListener('abort', () => {
      if (this.#link.value) URL.revokeObjectURL(this.#link.value.imageUrl);
    });
  }

  /** @param {string} url */
  async #copy(url) {
    try {
      await navigator.clipboard.writeText(url);
      toast(t('referrals.copied'));
    } catch {
      // Without the permission to copy, the person copies the selected text.
      this.querySelector('input')?.select();
      toast(t('referrals.copy_by_hand'));
    }
  }

  view() {
    return show(this.#link, ({ code, url, imageUrl }) =>
      h(
        'div',
        { class: 'stack' },
        pairs([[t('referrals.code'), h('strong', { class: 'number' }, code)]]),
        h(
          'div',
          { class: 'field' },
          h('label', { for: this.#id }, t('referrals.link')),
          h(
            'div',
            { class: 'row' },
            h('input', { id: this.#id, class: 'grow', readonly: true, value: url }),
            h(
              'button',
              { type: 'button', class: 'primary', onclick: () => this.#copy(url) },
              custom('ev-icon', { name: 'copy' }),
              t('referrals.copy'),
            ),
          ),
        ),
        h('img', { class: 'qr', src: imageUrl, alt: t('referrals.qr') }),
      ),
    );
  }
}

/**
 * The link with its QR code. The API's SVG is shown as an image, where no script of it could run.
 * @param {AbortSignal} signal
 * @returns {Promise<Link>}
 */
async function readLink(signal) {
  const { code, url, qr_svg: svg } = await get('/api/v1/users/me/referral-link', { signal });
  return { code, url, imageUrl: URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' })) };
}

customElements.define('ev-referral-link', ReferralLink);
