// Hindi texts of the search.

/** @type {Record<string, import('../i18n.js').Message>} */
export default {
  'search.title': 'खोज',
  'search.office_label': 'नाम, ई-मेल, मोबाइल, कोड, नंबर या पृष्ठ',
  'search.member_label': 'पृष्ठ, या आपके ट्री का सदस्य',
  'search.results': 'परिणाम',
  'search.pages': 'पृष्ठ',
  'search.recent': 'हाल में खोले गए',
  'search.running': 'खोज चल रही है…',
  'search.count': { one: '{count} परिणाम', other: '{count} परिणाम' },
  'search.nothing': '“{text}” के लिए कुछ नहीं मिला।',
  'search.more_letters': 'कम से कम दो अक्षर या अंक लिखें।',
  'search.keys': 'तीर कुंजियों से चुनें, Enter से खोलें, Esc से बंद करें।',
  'search.by_slash': '/ कुंजी से खोज खोलें',
};
