//! Hindi texts, one for each template.

use super::{Text, counted, text};
use crate::domain::Template as T;

/// Word before a reason.
pub(super) const REASON: &str = "कारण:";

pub(super) const TEXTS: &[Text] = &[
    text(T::Welcome, "स्वागत है", "आपका रेफ़रल कोड {referral_code} है। इसे उन लोगों को दें जो इलेक्ट्रिक वाहन चलाना चाहते हैं।"),
    text(T::KycApproved, "केवाईसी स्वीकृत", "आपका केवाईसी स्वीकृत है। अब आप निकासी माँग सकते हैं।"),
    text(T::KycRejected, "केवाईसी अस्वीकृत", "आपका केवाईसी अस्वीकृत हुआ। आप फिर से आवेदन कर सकते हैं।"),
    text(T::DistributorApproved, "आप वितरक हैं", "वितरक बनने का आपका आवेदन स्वीकृत है।"),
    text(T::DistributorRejected, "आवेदन अस्वीकृत", "वितरक बनने का आपका आवेदन अस्वीकृत हुआ। आप फिर से आवेदन कर सकते हैं।"),
    text(T::BookingConfirmed, "बुकिंग पक्की", "{vehicle} की आपकी बुकिंग {booking_number} पक्की है।"),
    text(T::BookingCompleted, "बुकिंग पूरी", "{vehicle} की आपकी बुकिंग {booking_number} का पूरा भुगतान हो गया है।"),
    text(T::BookingCancelled, "बुकिंग रद्द", "{vehicle} की आपकी बुकिंग {booking_number} रद्द हो गई है।"),
    text(T::BookingExpired, "बुकिंग समाप्त", "{vehicle} की आपकी बुकिंग {booking_number} की अवधि समाप्त हो गई है।"),
    text(T::BookingDelivered, "वाहन सौंप दिया गया", "{vehicle} की आपकी बुकिंग {booking_number} का वाहन सौंप दिया गया है।"),
    text(
        T::BookingReturned,
        "वाहन वापस लिया गया",
        "{vehicle} की आपकी बुकिंग {booking_number} का वाहन वापस लिया गया है, और चुकाई राशि लौटाई जाती \
         है।",
    ),
    text(T::PaymentReceived, "भुगतान मिला", "आपकी बुकिंग {booking_number} के लिए ₹{amount} मिले।"),
    text(T::WalletPayment, "वॉलेट से भुगतान", "आपके वॉलेट के ₹{amount} से आपकी बुकिंग {booking_number} का भुगतान हुआ।"),
    text(T::PaymentRefunded, "भुगतान वापस", "आपकी बुकिंग {booking_number} के ₹{amount} वापस किए गए।"),
    text(
        T::PaymentReturned,
        "भुगतान लौटाया गया",
        "आपकी बुकिंग {booking_number} के लिए ₹{amount} आए, जो उसमें नहीं लिए जा सके: वे आपके वॉलेट में \
         जाते हैं।",
    ),
    text(
        T::RefundReturned,
        "रिफ़ंड लौटा",
        "आपकी बुकिंग {booking_number} के ₹{amount} स्रोत पर वापस नहीं भेजे जा सके: वे आपके वॉलेट में \
         जाते हैं।",
    ),
    text(T::InstalmentOverdue, "किस्त बकाया", "आपकी बुकिंग {booking_number} की किस्त {n}, ₹{amount}, {due_on} को देय थी।"),
    text(T::InstalmentComing, "किस्त जल्द देय", "आपकी बुकिंग {booking_number} की किस्त {n}, ₹{amount}, {due_on} को देय है।"),
    text(
        T::InstalmentDueToday,
        "किस्त आज देय",
        "आपकी बुकिंग {booking_number} की किस्त {n}, ₹{amount}, आज {due_on} को देय है।",
    ),
    text(T::ReferralBonus, "रेफ़रल बोनस", "आपके रेफ़र किए सदस्य के भुगतान के लिए ₹{amount}।"),
    text(T::PairEarning, "जोड़ा बना", "बने हुए जोड़े के लिए ₹{amount}।"),
    text(T::EarningReversed, "कमाई वापस ली गई", "₹{amount}, क्योंकि इसके पीछे का भुगतान वापस किया गया।"),
    text(T::EarningRecovered, "वसूली", "वापस ली गई कमाई के ₹{amount}।"),
    text(T::Deposit, "जमा", "₹{amount} आपके वॉलेट में जोड़े गए।"),
    text(T::Refund, "रिफ़ंड", "₹{amount} आपके वॉलेट में वापस आए।"),
    text(T::ReserveReleased, "आरक्षित राशि मुक्त", "₹{amount} अब उपलब्ध हैं।"),
    text(T::Adjustment, "समायोजन", "कंपनी द्वारा ₹{amount}।"),
    text(T::MemberPlaced, "आपको स्थान मिला", "अब आप ट्री में हैं, स्तर {level} पर।"),
    counted(
        T::PairsMatchedInPeriod,
        "जोड़े बने",
        "नई अवधि शुरू होने पर आपका जोड़ा {numbers} बना।",
        "नई अवधि शुरू होने पर आपके जोड़े {numbers} बने।",
    ),
    counted(
        T::PairsRematched,
        "जोड़े बने",
        "पहले के जोड़े से मुक्त हुए सदस्य के साथ आपका जोड़ा {numbers} बना।",
        "पहले के जोड़ों से मुक्त हुए सदस्यों के साथ आपके जोड़े {numbers} बने।",
    ),
    counted(
        T::PairsMatched,
        "जोड़े बने",
        "एक सदस्य के फिर से गिने जाने पर आपका जोड़ा {numbers} बना।",
        "एक सदस्य के फिर से गिने जाने पर आपके जोड़े {numbers} बने।",
    ),
    counted(
        T::PairsVoided,
        "जोड़े वापस लिए गए",
        "आपका जोड़ा {numbers} वापस लिया गया, क्योंकि उसके एक सदस्य का भुगतान वापस किया गया।",
        "आपके जोड़े {numbers} वापस लिए गए, क्योंकि उनके एक सदस्य का भुगतान वापस किया गया।",
    ),
    text(T::DocumentVerified, "दस्तावेज़ सत्यापित", "आपका दस्तावेज़ सत्यापित है।"),
    text(T::DocumentRejected, "दस्तावेज़ अस्वीकृत", "आपका दस्तावेज़ अस्वीकृत हुआ।"),
    text(T::GrievanceFiled, "शिकायत मिली", "आपकी शिकायत {number} मिल गई है। 48 घंटे में इसकी पावती मिलेगी।"),
    text(T::GrievanceAcknowledged, "शिकायत पर काम शुरू", "आपकी शिकायत {number} पर काम हो रहा है।"),
    text(T::GrievanceReplied, "शिकायत का उत्तर", "आपकी शिकायत {number} का उत्तर आया है।"),
    text(T::GrievanceEscalated, "शिकायत आगे भेजी गई", "आपकी शिकायत {number} अब शिकायत अधिकारी के पास है।"),
    text(T::GrievanceClosed, "शिकायत बंद", "आपकी शिकायत {number} बंद है। 30 दिन में आप इसे फिर खोल सकते हैं।"),
    text(T::GrievanceReopened, "शिकायत फिर खुली", "आपकी शिकायत {number} फिर से खुली है।"),
    text(T::CertificateIssued, "टीडीएस प्रमाणपत्र", "{financial_year} का आपका टीडीएस प्रमाणपत्र तैयार है।"),
    text(T::PayoutRequested, "निकासी का अनुरोध", "₹{amount} की आपकी निकासी का अनुरोध दर्ज है।"),
    text(T::PayoutApproved, "निकासी स्वीकृत", "₹{amount} की आपकी निकासी स्वीकृत है।"),
    text(T::PayoutCancelled, "निकासी रद्द", "₹{amount} की आपकी निकासी रद्द है।"),
    text(T::PayoutCompleted, "निकासी पूरी", "₹{net} खाते {account} में भेजे जा रहे हैं।"),
    text(T::PayoutCompletedEmpty, "निकासी पूरी", "₹{amount} की आपकी निकासी पूरी हुई: भेजने के लिए कुछ शेष नहीं था।"),
    text(T::PayoutRejected, "निकासी अस्वीकृत", "₹{amount} की आपकी निकासी अस्वीकृत हुई।"),
    text(T::PayoutFailed, "निकासी विफल", "₹{amount} की आपकी निकासी विफल हुई और राशि आपके वॉलेट में वापस है।"),
    text(T::PayoutReversed, "निकासी लौट आई", "₹{amount} की आपकी निकासी बैंक से लौट आई और राशि आपके वॉलेट में है।"),
    text(
        T::NewDevice,
        "नए डिवाइस से साइन-इन",
        "{at} पर {network} से {device} द्वारा आपके खाते में साइन-इन हुआ। यदि यह आपने नहीं किया, तो अपनी \
         प्रोफ़ाइल में सत्र समाप्त करें और हमें लिखें।",
    ),
];
