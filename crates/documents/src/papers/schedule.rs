//! Schedule of the instalments of a booking.

use super::dates::{long_date, short_date};
use super::{Member, fact};
use crate::Language;
use crate::amount::{grouped, rupees};
use crate::model::{Block, Column, Company, Document, Proof, Row, Table};
use domain::{Day, Money};
use serde::{Deserialize, Serialize};

/// What an EMI schedule states.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmiSchedule {
    /// The company.
    pub company: Company,
    /// The buyer.
    pub member: Member,
    /// The day that the states of the instalments are of.
    pub as_of: Day,
    /// Number of the booking.
    pub booking_number: String,
    /// The vehicle that is booked.
    pub vehicle: String,
    /// Its price.
    pub price: Money,
    /// The part that is paid in instalments.
    pub principal: Money,
    /// The instalments in their order.
    pub instalments: Vec<ScheduledInstalment>,
}

/// An instalment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduledInstalment {
    /// Its number, from 1.
    pub number: u32,
    /// The day on which it is due.
    pub due_on: Day,
    /// What is due.
    pub amount: Money,
    /// What has been paid of it.
    pub paid: Money,
}

impl EmiSchedule {
    /// The schedule in a language.
    pub fn document(&self, language: Language, verification: Option<Proof>) -> Document {
        let l = language;
        Document {
            language,
            title: l.pick("EMI schedule", "ईएमआई अनुसूची").to_owned(),
            facts: vec![
                fact(l, "Booking", "बुकिंग", self.booking_number.clone()),
                fact(l, "As of", "दिनांक तक", long_date(self.as_of, l)),
            ],
            date: self.as_of,
            company: self.company.clone(),
            party: Some(self.member.party(l, "Buyer", "ख़रीदार")),
            blocks: vec![
                Block::Facts(vec![
                    fact(l, "Vehicle", "वाहन", self.vehicle.clone()),
                    fact(l, "Price of the vehicle", "वाहन का मूल्य", rupees(self.price)),
                    fact(l, "Paid in instalments", "किस्तों में देय राशि", rupees(self.principal)),
                    fact(l, "Instalments", "किस्तों की संख्या", self.instalments.len().to_string()),
                ]),
                Block::Table(self.table(l)),
            ],
            verification,
        }
    }

    fn table(&self, l: Language) -> Table {
        let row = |instalment: &ScheduledInstalment| {
            let is_paid = instalment.paid >= instalment.amount;
            let state = match (is_paid, instalment.due_on < self.as_of) {
                (true, _) => l.pick("Paid", "चुकाई गई"),
                (false, true) => l.pick("Overdue", "बकाया"),
                (false, false) => l.pick("Due", "देय"),
            };
            Row::new([
                instalment.number.to_string(),
                short_date(instalment.due_on, l),
                state.to_owned(),
                grouped(instalment.amount),
                grouped(instalment.paid),
            ])
        };
        // Sums of stored amounts that were computed from a price cannot exceed the range.
        let sum = |part: fn(&ScheduledInstalment) -> Money| {
            grouped(Money::total(self.instalments.iter().map(part)).unwrap_or_default())
        };
        let total = Row::total([
            String::new(),
            l.pick("Total", "योग").to_owned(),
            String::new(),
            sum(|instalment| instalment.amount),
            sum(|instalment| instalment.paid),
        ]);
        Table {
            columns: vec![
                Column::short(l.pick("No.", "क्रम")),
                Column::text(l.pick("Due on", "देय तिथि")),
                Column::text(l.pick("State", "स्थिति")),
                Column::amount(l.pick("Amount\u{a0}(₹)", "राशि\u{a0}(₹)")),
                Column::amount(l.pick("Paid\u{a0}(₹)", "चुकाई\u{a0}(₹)")),
            ],
            rows: self.instalments.iter().map(row).chain([total]).collect(),
        }
    }
}
