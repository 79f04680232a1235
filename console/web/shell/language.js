// Language of the signed-in person: saved in their profile, and taken over from it where none was chosen.

import { get, patch } from './api.js';
import { problemText } from './problem.js';
import { currentUser, onSessionChange } from './session.js';
import { toast } from './toast.js';
import { forgetProfileLocale, isLocaleChosen, setLocale, takeLocale } from '../i18n/i18n.js';

/** @typedef {import('../i18n/i18n.js').Locale} Locale */

/** Takes over the language of each person who signs in. */
export function startLanguage() {
  onSessionChange(() => void followProfile());
  void followProfile();
}

/**
 * Changes the language in this browser, and in the profile of who is signed in.
 * @param {Locale} locale
 */
export async function chooseLanguage(locale) {
  await setLocale(locale);
  if (!currentUser()) return;
  await patch('/api/v1/users/me', { locale }).catch((error) => toast(problemText(error)));
}

async function followProfile() {
  if (!currentUser()) return forgetProfileLocale();
  if (isLocaleChosen()) return;
  const profile = await get('/api/v1/users/me').catch(() => null);
  // The person may have chosen one meanwhile.
  if (profile && !isLocaleChosen()) await takeLocale(profile.locale);
}
