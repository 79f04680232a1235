// Entry of the console: restores the session, chooses the language, and shows the application frame.

import { restoreSession } from './shell/session.js';
import { startLocale } from './i18n/i18n.js';
import { startLanguage } from './shell/language.js';
import { startDropdowns } from './shell/dropdown.js';
import { startSearch } from './shell/search.js';
import { startTheme } from './shell/theme.js';
import { startLive } from './shell/live.js';
import './shell/app.js';

startTheme();
startDropdowns();
startSearch();
await Promise.all([startLocale(), restoreSession()]);
startLive();
startLanguage();
document.querySelector('ev-app')?.setAttribute('ready', '');
