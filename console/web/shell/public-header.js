// Header of the pages that need no sign-in: the name of the platform, and the choice of language.

import { custom, h } from './view.js';
import { LOCALES, currentLocale, t } from '../i18n/i18n.js';
import { chooseLanguage } from './language.js';

/** @typedef {import('../i18n/i18n.js').Locale} Locale */

export const publicHeader = () =>
  h(
    'header',
    { class: 'bar' },
    h('a', { class: 'brand', href: '/' }, custom('ev-icon', { name: 'vehicle' }), t('app.name')),
    h('span', { class: 'grow' }),
    h(
      'select',
      {
        class: 'language',
        'aria-label': t('app.language'),
        onchange: (/** @type {{target: HTMLSelectElement}} */ { target }) =>
          void chooseLanguage(/** @type {Locale} */ (target.value)),
      },
      LOCALES.map((locale) =>
        h('option', { value: locale, selected: locale === currentLocale() }, t(`locale.${locale}`)),
      ),
    ),
  );
