//! Confirmation of a booking.

use super::{Member, dates::long_date, fact};
use crate::Language;
use crate::amount::{in_words, rupees};
use crate::model::{Block, Company, Document, Proof};
use domain::{Day, Money};
use serde::{Deserialize, Serialize};

/// What a booking confirmation states.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookingConfirmation {
    /// The company.
    pub company: Company,
    /// The buyer.
    pub member: Member,
    /// Number of the booking.
    pub booking_number: String,
    /// The day on which it was made.
    pub booked_on: Day,
    /// The day on which it was confirmed.
    pub confirmed_on: Day,
    /// The vehicle that is booked.
    pub vehicle: String,
    /// Its price.
    pub price: Money,
    /// What was to be paid for the booking.
    pub booking_amount: Money,
    /// What was paid by the day of the confirmation.
    pub paid: Money,
    /// Number of the instalments of the rest; 0 without instalments.
    pub emi_months: u32,
}

impl BookingConfirmation {
    /// The confirmation in a language.
    pub fn document(&self, language: Language, verification: Option<Proof>) -> Document {
        let l = language;
        let rest = self.price.minus_or_zero(self.paid);
        let plan = match (self.emi_months, l) {
            (0, _) => l.pick("In one payment", "एकमुश्त").to_owned(),
            (months, Language::English) => format!("In {months} monthly instalments"),
            (months, Language::Hindi) => format!("{months} मासिक किस्तों में"),
        };
        let thanks = l.pick(
            "Thank you. Your booking is confirmed, and a vehicle is kept for you.",
            "धन्यवाद। आपकी बुकिंग की पुष्टि हो गई है और आपके लिए एक वाहन सुरक्षित रखा गया है।",
        );
        Document {
            language,
            title: l.pick("Booking confirmation", "बुकिंग की पुष्टि").to_owned(),
            facts: vec![
                fact(l, "Booking", "बुकिंग", self.booking_number.clone()),
                fact(l, "Confirmed on", "पुष्टि की तिथि", long_date(self.confirmed_on, l)),
            ],
            date: self.confirmed_on,
            company: self.company.clone(),
            party: Some(self.member.party(l, "Buyer", "ख़रीदार")),
            blocks: vec![
                Block::Paragraph(thanks.to_owned()),
                Block::Amount {
                    label: self.vehicle.clone(),
                    figures: rupees(self.price),
                    words: in_words(self.price, l),
                },
                Block::Facts(vec![
                    fact(l, "Booked on", "बुकिंग की तिथि", long_date(self.booked_on, l)),
                    fact(l, "Booking amount", "बुकिंग राशि", rupees(self.booking_amount)),
                    fact(l, "Paid by the confirmation", "पुष्टि तक चुकाई गई राशि", rupees(self.paid)),
                    fact(l, "Rest", "शेष राशि", rupees(rest)),
                    fact(l, "Payment of the rest", "शेष का भुगतान", plan),
                ]),
            ],
            verification,
        }
    }
}
