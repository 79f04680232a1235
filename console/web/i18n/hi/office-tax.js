// Hindi texts of the rules of tax deduction, and of the statements.

/** @type {Record<string, import('../i18n.js').Message>} */
export default {
  'office.tax.rules': 'नियम',
  'office.tax.deductions': 'कटौतियाँ',
  'office.tax.about': 'कर उस नियम से कटता है जो निकासी स्वीकृत होने के दिन लागू हो।',
  'office.tax.no_rule': 'कोई नियम नहीं है।',
  'office.tax.add': 'नियम जोड़ें',
  'office.tax.of_section': 'धारा {section}',
  'office.tax.from_to': '{from} से {to} तक',
  'office.tax.from': '{from} से',
  'office.tax.state.in_force': 'लागू',
  'office.tax.state.planned': 'अभी लागू नहीं',
  'office.tax.state.ended': 'समाप्त',
  'office.tax.id': 'नियम का नाम',
  'office.tax.id_hint': 'अंग्रेज़ी के छोटे अक्षर, अंक और हाइफ़न, जैसे act-2025-393',
  'office.tax.section_hint': 'जैसा प्रमाणपत्र पर लिखा जाता है, जैसे 194H',
  'office.tax.rate': 'दर, प्रतिशत में',
  'office.tax.no_pan_rate': 'बिना पैन की दर',
  'office.tax.threshold': 'साल में कर-मुक्त',
  'office.tax.threshold_hint': 'हर पैन के लिए; केवल इससे ऊपर की राशि पर कर लगता है।',
  'office.tax.cap': 'एक निकासी पर अधिकतम कर',
  'office.tax.no_cap': 'कोई सीमा नहीं',
  'office.tax.effective_from': 'पहला दिन',
  'office.tax.rate_effect':
    '{day} से निकासी पर धारा {section} में {rate} % कटेगा, हर पैन की साल की {threshold} से ऊपर की राशि पर।',
  'office.tax.no_pan_effect': 'पैन न होने पर {rate} % कटेगा।',
  'office.tax.cap_effect': 'एक निकासी से अधिक से अधिक {cap} कटेंगे।',
  'office.tax.before_effect': 'इससे पहले का नियम उसी दिन समाप्त होगा।',
  'office.tax.final_effect': 'नियम कभी बदला या हटाया नहीं जाता।',
  'office.tax.statements': 'कर विभाग के लिए तिमाही विवरण',
  'office.tax.statement_hint':
    'तिमाही की कटौतियों की पैन के अनुसार CSV फ़ाइल। इसमें पूरे पैन हैं; हर डाउनलोड ऑडिट लॉग में दर्ज होता है।',
  'office.tax.quarter.Q1': 'ति1, अप्रैल से जून',
  'office.tax.quarter.Q2': 'ति2, जुलाई से सितंबर',
  'office.tax.quarter.Q3': 'ति3, अक्टूबर से दिसंबर',
  'office.tax.quarter.Q4': 'ति4, जनवरी से मार्च',
};
