// Colour theme: the system's, or the one chosen in the console.

/** @typedef {'system' | 'light' | 'dark'} Theme */

/** @type {readonly Theme[]} */
export const THEMES = ['system', 'light', 'dark'];

const STORAGE_KEY = 'ev.theme';

/** @returns {Theme} */
export function currentTheme() {
  return THEMES.find((theme) => theme === localStorage.getItem(STORAGE_KEY)) ?? 'system';
}

/** Applies the theme chosen before. */
export function startTheme() {
  document.documentElement.dataset['theme'] = currentTheme();
}

/**
 * Applies a theme and remembers it.
 * @param {Theme} theme
 */
export function setTheme(theme) {
  localStorage.setItem(STORAGE_KEY, theme);
  startTheme();
}
