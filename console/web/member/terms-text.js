// The text of terms in the language of the console, or in English where there is no translation.

import { h } from '../shell/view.js';
import { currentLocale, t } from '../i18n/i18n.js';

/** @typedef {import('./terms-page.js').Terms} Terms */

/** @param {Terms} terms */
export function termsText({ title, text, hindi }) {
  const isHindi = currentLocale() === 'hi' && hindi;
  const shown = isHindi ? hindi : { title, text };
  const language = isHindi ? 'hi' : 'en';
  return h(
    'article',
    { lang: language, class: 'stack' },
    language === currentLocale() ? null : h('p', { class: 'hint', lang: currentLocale() }, t('terms.english_only')),
    h('h2', null, shown.title),
    paragraphs(shown.text).map((paragraph) => h('p', { class: 'lines' }, paragraph)),
  );
}

/** @param {string} text */
const paragraphs = (text) => text.split(/\n\s*\n/).filter((paragraph) => paragraph.trim() !== '');
