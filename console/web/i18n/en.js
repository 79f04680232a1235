// English texts. The same keys stand in `hi.js`; a test compares them.

import explanation from './en/explanation.js';
import grievance from './en/grievance.js';
import member from './en/member.js';
import money from './en/money.js';
import notification from './en/notification.js';
import privacy from './en/privacy.js';
import problems from './en/problems.js';
import refunds from './en/refunds.js';
import search from './en/search.js';
import states from './en/states.js';
import terms from './en/terms.js';
import tree from './en/tree.js';
import wallet from './en/wallet.js';

/** @type {Record<string, import('./i18n.js').Message>} */
export default {
  'app.name': 'EV Platform',
  'app.skip': 'Skip to content',
  'app.menu': 'Menu',
  'app.navigation': 'Pages',
  'app.settings': 'Settings and sign-out',
  'app.language': 'Language',
  'app.theme': 'Theme',
  'locale.en': 'English',
  'locale.hi': 'हिन्दी',
  'theme.system': 'As the system',
  'theme.light': 'Light',
  'theme.dark': 'Dark',
  'group.member': 'My business',
  'group.office': 'Office',
  'action.retry': 'Try again',
  'action.close': 'Close',
  'action.back': 'Go back',
  'action.running': 'Working…',
  'action.home': 'To the start page',
  'form.calculating': 'Calculating…',
  'form.optional': '(optional)',
  'list.empty': 'Nothing here yet.',
  'list.loading': 'Loading…',
  'list.count': { one: '{count} row', other: '{count} rows' },
  'list.previous': 'Previous page',
  'list.next': 'Next page',
  'list.plain': 'Plain pages',
  'page.not_found': 'This page does not exist',
  'session.sign_out': 'Sign out',
  'sign_in.title': 'Sign in',
  'sign_in.intro': 'We send a code to your e-mail address or mobile number. You need no password.',
  'sign_in.identifier': 'E-mail address or mobile number',
  'sign_in.identifier_hint': 'For example asha@example.com or 98765 43210',
  'sign_in.send_code': 'Send the code',
  'sign_in.sent_email': 'If {identifier} can sign in, a code is on its way there.',
  'sign_in.sent_sms': 'If {identifier} can sign in, a code is on its way there by SMS.',
  'sign_in.code': 'Code',
  'step_up.title': 'Confirm that it is you',
  'step_up.sent': 'We sent a code to {identifier}. Enter it to go on.',
  'step_up.prove': 'Confirm',
  'sign_in.verify': 'Sign in',
  'sign_in.resend': 'Send another code',
  'sign_in.resend_in': 'Another code in {seconds} s',
  'sign_in.change_identifier': 'Change the address',
  'sign_in.link_gone': 'This link was used already, or is older than a day.',
  'sign_in.with_code': 'Sign in with a code',
  'filter.all': 'All',
  'filter.from': 'From',
  'filter.to': 'To',
  'chart.empty': 'No figures in this range.',
  'chart.table': 'As a table',
  'chart.see_table': 'The same figures are in the table below.',
  'chart.period': 'Period',
  'action.save': 'Save',
  'action.saved': 'Saved.',
  'choice.true': 'Yes',
  'choice.false': 'No',
  'choice.none': 'Not given',
  'list.more': 'Show more',
  'file.choose': 'Choose a file',
  'file.none': 'No file is chosen.',
  'form.amount': 'Rupees with at most two decimal places, such as 500 or 499.50',
  ...explanation,
  ...grievance,
  ...member,
  ...money,
  ...notification,
  ...privacy,
  ...problems,
  ...refunds,
  ...search,
  ...states,
  ...terms,
  ...tree,
  ...wallet,
};
