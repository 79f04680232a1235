// A new one-time code, where the API does not accept a token alone: for bank accounts and large payouts.

import { custom, h } from './view.js';
import { get, post } from './api.js';
import { codeField, codeOf } from './code-field.js';
import { openDialog } from './dialog.js';
import { renewAccess } from './session.js';
import { t } from '../i18n/i18n.js';
import './form.js';

/** @type {Promise<boolean> | null} */
let running = null;

/** Sends a code to the signed-in person and asks for it. Resolves with whether it was proved; one dialog at a time. */
export function stepUp() {
  running ??= prove().finally(() => {
    running = null;
  });
  return running;
}

async function prove() {
  const { email, mobile } = await get('/api/v1/users/me');
  const identifier = email ?? mobile ?? '';
  const { request_id: requestId } = await post('/api/v1/auth/otp', { identifier });
  const isProved = await openDialog(t('step_up.title'), (close) => [
    h('p', null, t('step_up.sent', { identifier })),
    custom('ev-form', {
      '.fields': [codeField({ required: true })],
      '.submitLabel': t('step_up.prove'),
      '.send': async (/** @type {import('./form.js').Values} */ values) => {
        const proof = { code: codeOf(values), identifier, request_id: requestId };
        renewAccess(await post('/api/v1/auth/step-up', proof));
        return true;
      },
      '.done': () => close(true),
    }),
  ]);
  return isProved === true;
}
