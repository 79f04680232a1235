// Hindi texts of accepted terms, of the copy of one's data, and of its erasure.

/** @type {Record<string, import('../i18n.js').Message>} */
export default {
  'privacy.title': 'निजता',
  'privacy.link': 'स्वीकृत शर्तें, आपके डेटा की प्रति, और उसे मिटाना',
  'privacy.to_accept': 'स्वीकार करने के लिए',
  'privacy.accept': 'स्वीकार करें',
  'privacy.accept_effect': 'आप संस्करण {version} स्वीकार करते हैं: {terms}।',
  'privacy.accepted': 'स्वीकृत शर्तें',
  'privacy.none_accepted': 'आपने अभी कोई शर्तें स्वीकार नहीं की हैं।',
  'privacy.copy': 'आपके डेटा की प्रति',
  'privacy.copy_about': 'एक फ़ाइल (JSON) में आपकी प्रोफ़ाइल, बुकिंग, भुगतान, वॉलेट, निकासी, ट्री में स्थान और सूचनाएँ।',
  'privacy.save': 'प्रति सहेजें',
  'privacy.erase': 'आपका डेटा मिटाना',
  'privacy.erase_about': 'आप कंपनी से अपना निजी डेटा मिटाने को कह सकते हैं। निर्णय एक प्रशासक लेता है।',
  'privacy.request': 'डेटा मिटाने का अनुरोध करें',
  'privacy.requested': 'अनुरोध भेज दिया गया।',
  'privacy.requested_at': 'अनुरोध का समय',
  'privacy.reason': 'कारण',
  'privacy.withdraw': 'अनुरोध वापस लें',
  'privacy.withdraw_effect': 'आपका डेटा वैसा ही रहता है।',
  'privacy.erase_effect':
    'स्वीकृति के बाद आपका नाम, पते, प्रोफ़ाइल, नामांकित व्यक्ति और सूचनाएँ मिटा दी जाती हैं, और आप साइन इन नहीं कर सकेंगे।',
  'privacy.retained_effect': 'पैन, बैंक खाता, भुगतान, निकासी और प्रमाणपत्र उतने समय तक रखे जाते हैं जितना कर कानून चाहता है।',
  'privacy.money_effect': 'पहले अपने वॉलेट की राशि निकाल लें: खाता बंद हो जाता है।',
  'erasure.status.pending': 'जाँच में',
  'erasure.status.withdrawn': 'वापस लिया गया',
  'erasure.status.rejected': 'अस्वीकृत',
  'erasure.status.done': 'मिटाया गया',
  'problem.auth.erasure_pending': 'आपका अनुरोध पहले से जाँच में है।',
  'problem.auth.erasure_decided': 'इस अनुरोध पर निर्णय हो चुका है या इसे वापस लिया गया है।',
  'problem.auth.terms_need_application': 'ये शर्तें वितरक बनने के आवेदन के साथ स्वीकार होती हैं।',
};
