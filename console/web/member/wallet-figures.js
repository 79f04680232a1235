// All figures of a wallet.

import { h } from '../shell/view.js';
import { money } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';

const FIGURES = /** @type {const} */ ([
  'available',
  'held',
  'emi_reserve',
  'reserve',
  'clawback_due',
  'total_earned',
  'total_withdrawn',
]);

/** @param {Record<typeof FIGURES[number], string>} wallet */
export const walletFigures = (wallet) =>
  h(
    'dl',
    { class: 'figures' },
    FIGURES.map((name) => h('div', null, h('dt', null, t(`wallet.${name}`)), h('dd', null, money(wallet[name])))),
  );
