// `<ev-code-sign-in>`: asks for an e-mail address or a mobile number, sends a code there, and begins a session with it.
//
// With a referral, the form also asks for the new member's name and, optionally, the side of the tree.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { post } from '../shell/api.js';
import { codeField, codeOf } from '../shell/code-field.js';
import { Problem } from '../shell/problem.js';
import { startSession } from '../shell/session.js';
import { number } from '../i18n/format.js';
import { currentLocale, t } from '../i18n/i18n.js';
import '../shell/form.js';

/** @typedef {import('../shell/form.js').Field} Field */
/** @typedef {import('../shell/form.js').Values} Values */
/** @typedef {{identifier: string, channel: 'email' | 'sms', resendAt: number, profile: Values}} Sent */

class CodeSignIn extends ViewElement {
  /** @type {() => void} */
  done = () => undefined;
  /** @type {string | undefined} The code of the member who referred this person. */
  referralCode;
  /** Whether a new member may name a side of the tree. */
  acceptsSide = true;
  /** @type {Sent | null} */
  #sent = null;
  /** @type {unknown} */
  #resendError;

  start() {
    // Counts down until another code may be asked for.
    const timer = setInterval(() => this.#sent && this.update(), 1000);
    this.signal.addEventListener('abort', () => clearInterval(timer));
  }

  /** @param {Values} profile */
  async #sendCode(profile) {
    const identifier = profile['identifier'] ?? '';
    const channel = identifier.includes('@') ? 'email' : 'sms';
    const answer = await post('/api/v1/auth/otp', { identifier, channel });
    this.#sent = { identifier, channel, resendAt: Date.now() + answer.resend_after * 1000, profile };
    this.#resendError = undefined;
    this.update();
    requestAnimationFrame(() => this.querySelector('input')?.focus());
  }

  /** @param {string} code */
  async #verify(code) {
    const { identifier = '', profile = {} } = this.#sent ?? {};
    const { name, preferred_side: side } = profile;
    /** @type {'left' | 'right' | null} */
    const preferredSide = side === 'left' || side === 'right' ? side : null;
    const referral = this.referralCode ? { referral_code: this.referralCode, name, preferred_side: preferredSide } : {};
    startSession(await post('/api/v1/auth/otp/verify', { identifier, code, locale: currentLocale(), ...referral }));
    this.done();
  }

  async #resend() {
    try {
      await this.#sendCode(this.#sent?.profile ?? {});
    } catch (error) {
      this.#resendError = error;
      if (this.#sent && error instanceof Problem && error.retryAt) this.#sent.resendAt = error.retryAt;
      this.update();
    }
  }

  view() {
    return this.#sent ? this.#codeStep(this.#sent) : this.#identifierStep();
  }

  #identifierStep() {
    /** @type {Field[]} */
    const fields = [
      {
        name: 'identifier',
        label: t('sign_in.identifier'),
        hint: t('sign_in.identifier_hint'),
        input: { autocomplete: 'username', autocapitalize: 'none', spellcheck: 'false', maxlength: 254 },
      },
    ];
    if (this.referralCode) fields.unshift(...joinFields(this.acceptsSide));
    return custom('ev-form', {
      key: 'identifier',
      '.fields': fields,
      '.submitLabel': t('sign_in.send_code'),
      '.send': (/** @type {Values} */ values) => this.#sendCode(values),
    });
  }

  /** @param {Sent} sent */
  #codeStep(sent) {
    const wait = Math.ceil((sent.resendAt - Date.now()) / 1000);
    return h(
      'div',
      { class: 'stack', key: 'code' },
      h('p', { role: 'status' }, t(`sign_in.sent_${sent.channel}`, { identifier: sent.identifier })),
      custom('ev-form', {
        '.fields': [codeField()],
        '.submitLabel': t('sign_in.verify'),
        '.send': (/** @type {Values} */ values) => this.#verify(codeOf(values)),
      }),
      this.#resendError ? custom('ev-problem', { '.error': this.#resendError }) : null,
      h(
        'div',
        { class: 'row' },
        h(
          'button',
          { type: 'button', disabled: wait > 0, onclick: () => this.#resend() },
          wait > 0 ? t('sign_in.resend_in', { seconds: number(wait) }) : t('sign_in.resend'),
        ),
        h('button', { type: 'button', onclick: () => this.#startAgain() }, t('sign_in.change_identifier')),
      ),
    );
  }

  #startAgain() {
    this.#sent = null;
    this.update();
  }
}

/**
 * @param {boolean} acceptsSide
 * @returns {Field[]}
 */
const joinFields = (acceptsSide) => [
  { name: 'name', label: t('join.name'), input: { autocomplete: 'name', maxlength: 100 } },
  ...(acceptsSide ? [sideField()] : []),
];

/** @returns {Field} */
const sideField = () => ({
  name: 'preferred_side',
  label: t('join.side'),
  hint: t('join.side_hint'),
  type: 'select',
  isOptional: true,
  choices: ['', 'left', 'right'].map((value) => ({ value, label: t(`side.${value || 'any'}`) })),
});

customElements.define('ev-code-sign-in', CodeSignIn);
