// Hindi texts of refunds and of the tax in receipts.

/** @type {Record<string, import('../i18n.js').Message>} */
export default {
  'payment.tax': 'जीएसटी {amount} सहित ({rate} %)',
  'payment.tax.taxable': 'कर योग्य मूल्य',
  'payment.tax.cgst': 'सीजीएसटी',
  'payment.tax.sgst': 'एसजीएसटी या यूटीजीएसटी',
  'payment.tax.igst': 'आईजीएसटी',
  'payment.tax.rate': 'जीएसटी दर',
  'payment.tax.hsn': 'एचएसएन कोड',
  'payment.tax.place': 'आपूर्ति का स्थान',
  'payment.tax.gstin': 'कंपनी का जीएसटीआईएन',
  'refund.to': 'रिफ़ंड कहाँ हो',
  'refund.to_hint': 'केवल ऑनलाइन भुगतान मूल माध्यम में लौट सकते हैं; बाकी सब वॉलेट में जाते हैं।',
  'refund.to.wallet': 'वॉलेट में',
  'refund.to.source': 'भुगतान के मूल माध्यम में',
  'refund.to.emi_reserve': 'ईएमआई आरक्षित में',
  'refund.effect.wallet': '{amount} वॉलेट में रिफ़ंड होगा।',
  'refund.effect.source': '{amount} उसी ऑनलाइन माध्यम में रिफ़ंड होगा जिससे भुगतान हुआ था।',
  'refund.effect.emi_reserve': 'ईएमआई कटौती के {amount} ईएमआई आरक्षित में लौटेंगे।',
  'refund.effect.none': 'कोई भुगतान नहीं हुआ, इसलिए कुछ रिफ़ंड नहीं होगा।',
  'refund.effect.paid_after': 'इसके बाद शुद्ध भुगतान: {amount}।',
  'refund.effect.ends_active_buyer': 'सदस्य तब सक्रिय खरीदार नहीं रहेगा।',
  'refund.status.requested': 'अनुरोध किया गया',
  'refund.status.sent': 'भेजा गया',
  'refund.status.done': 'रिफ़ंड हुआ',
  'refund.status.failed': 'विफल',
};
