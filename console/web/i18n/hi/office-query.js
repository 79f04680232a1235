// Hindi texts of the queries of the read graph.

/** @type {Record<string, import('../i18n.js').Message>} */
export default {
  'office.query.title': 'क्वेरी',
  'office.query.hint': 'GraphQL की एक क्वेरी सभी सेवाओं से वह पढ़ती है जो आप देख सकते हैं। यह कुछ नहीं बदलती। Ctrl+Enter से चलाएँ।',
  'office.query.example': 'उदाहरण',
  'office.query.example.members': 'सदस्य और उनके बैलेंस',
  'office.query.example.bookings': 'पक्की बुकिंग, भुगतान और किस्तों के साथ',
  'office.query.example.payouts': 'लंबित निकासी, सबसे पुरानी पहले',
  'office.query.example.balance': 'किसी दिन का ट्रायल बैलेंस',
  'office.query.example.me': 'आप स्वयं',
  'office.query.query': 'क्वेरी का पाठ',
  'office.query.variables': 'वेरिएबल, JSON में',
  'office.query.variables_invalid': 'वेरिएबल JSON ऑब्जेक्ट नहीं हैं।',
  'office.query.run': 'चलाएँ',
  'office.query.result': 'परिणाम',
  'office.query.errors': 'त्रुटियाँ',
  'office.query.schema': 'स्कीमा',
  'office.query.schema_hidden': 'इस प्लेटफ़ॉर्म पर स्कीमा नहीं दिखाया जाता।',
  'office.query.types': 'खोले गए टाइप',
  'problem.graph.invalid': 'क्वेरी मान्य नहीं है।',
  'problem.graph.too_deep': 'क्वेरी में बहुत अधिक स्तर हैं।',
  'problem.graph.too_costly': 'क्वेरी एक साथ बहुत अधिक पढ़ती है। कम पंक्तियाँ या फ़ील्ड माँगें।',
  'problem.graph.websocket_required': 'सब्सक्रिप्शन इस पृष्ठ पर नहीं चलता: उसे /graphql पर WebSocket चाहिए।',
  'problem.graph.wrong_hash': 'हैश इस क्वेरी का नहीं है।',
};
