// Hindi texts.

import explanation from './hi/explanation.js';
import grievance from './hi/grievance.js';
import member from './hi/member.js';
import money from './hi/money.js';
import notification from './hi/notification.js';
import privacy from './hi/privacy.js';
import problems from './hi/problems.js';
import refunds from './hi/refunds.js';
import search from './hi/search.js';
import states from './hi/states.js';
import terms from './hi/terms.js';
import tree from './hi/tree.js';
import wallet from './hi/wallet.js';

/** @type {Record<string, import('./i18n.js').Message>} */
export default {
  'app.name': 'ईवी प्लेटफ़ॉर्म',
  'app.skip': 'सीधे सामग्री पर जाएँ',
  'app.menu': 'मेन्यू',
  'app.navigation': 'पृष्ठ',
  'app.settings': 'सेटिंग और साइन आउट',
  'app.language': 'भाषा',
  'app.theme': 'थीम',
  'locale.en': 'English',
  'locale.hi': 'हिन्दी',
  'theme.system': 'सिस्टम के अनुसार',
  'theme.light': 'हल्की',
  'theme.dark': 'गहरी',
  'group.member': 'मेरा व्यवसाय',
  'group.office': 'कार्यालय',
  'action.retry': 'फिर से कोशिश करें',
  'action.close': 'बंद करें',
  'action.back': 'वापस जाएँ',
  'action.running': 'काम चल रहा है…',
  'action.home': 'मुख्य पृष्ठ पर जाएँ',
  'form.calculating': 'गणना हो रही है…',
  'form.optional': '(वैकल्पिक)',
  'list.empty': 'अभी यहाँ कुछ नहीं है।',
  'list.loading': 'लोड हो रहा है…',
  'list.count': { one: '{count} पंक्ति', other: '{count} पंक्तियाँ' },
  'list.previous': 'पिछला पृष्ठ',
  'list.next': 'अगला पृष्ठ',
  'list.plain': 'सादे पृष्ठ',
  'page.not_found': 'यह पृष्ठ मौजूद नहीं है',
  'session.sign_out': 'साइन आउट',
  'sign_in.title': 'साइन इन',
  'sign_in.intro': 'हम आपके ई-मेल या मोबाइल पर एक कोड भेजते हैं। पासवर्ड की ज़रूरत नहीं है।',
  'sign_in.identifier': 'ई-मेल पता या मोबाइल नंबर',
  'sign_in.identifier_hint': 'जैसे asha@example.com या 98765 43210',
  'sign_in.send_code': 'कोड भेजें',
  'sign_in.sent_email': 'यदि {identifier} से साइन इन हो सकता है, तो कोड वहाँ भेजा जा रहा है।',
  'sign_in.sent_sms': 'यदि {identifier} से साइन इन हो सकता है, तो कोड SMS से भेजा जा रहा है।',
  'sign_in.code': 'कोड',
  'step_up.title': 'पुष्टि करें कि यह आप हैं',
  'step_up.sent': 'हमने {identifier} पर एक कोड भेजा है। आगे बढ़ने के लिए उसे लिखें।',
  'step_up.prove': 'पुष्टि करें',
  'sign_in.verify': 'साइन इन करें',
  'sign_in.resend': 'दूसरा कोड भेजें',
  'sign_in.resend_in': 'दूसरा कोड {seconds} से॰ में',
  'sign_in.change_identifier': 'पता बदलें',
  'sign_in.link_gone': 'यह लिंक पहले ही इस्तेमाल हो चुका है, या एक दिन से पुराना है।',
  'sign_in.with_code': 'कोड से साइन इन करें',
  'filter.all': 'सभी',
  'filter.from': 'से',
  'filter.to': 'तक',
  'chart.empty': 'इस अवधि में कोई आँकड़ा नहीं।',
  'chart.table': 'तालिका के रूप में',
  'chart.see_table': 'यही आँकड़े नीचे तालिका में हैं।',
  'chart.period': 'अवधि',
  'action.save': 'सहेजें',
  'action.saved': 'सहेजा गया।',
  'choice.true': 'हाँ',
  'choice.false': 'नहीं',
  'choice.none': 'नहीं बताया',
  'list.more': 'और दिखाएँ',
  'file.choose': 'फ़ाइल चुनें',
  'file.none': 'कोई फ़ाइल नहीं चुनी गई।',
  'form.amount': 'रुपये, दशमलव के बाद अधिक से अधिक दो अंक, जैसे 500 या 499.50',
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
