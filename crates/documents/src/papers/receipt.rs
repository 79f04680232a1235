//! Receipt of a payment.

use super::{Member, dates::long_date, fact, method_name};
use crate::Language;
use crate::amount::{grouped, in_words, rupees};
use crate::model::{Block, Column, Company, Document, Fact, Proof, Row, Table};
use domain::{Day, Money, PaymentMethod};
use serde::{Deserialize, Serialize};

/// What a receipt states.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The company that received the money.
    pub company: Company,
    /// Number without gaps in its financial year.
    pub number: String,
    /// The day on which the money was received.
    pub paid_on: Day,
    /// The payer.
    pub member: Member,
    /// Number of the booking.
    pub booking_number: String,
    /// The vehicle that is booked.
    pub vehicle: String,
    /// Its price.
    pub price: Money,
    /// What was received.
    pub amount: Money,
    /// How it was paid.
    pub method: PaymentMethod,
    /// The bank's, gateway's or cashier's reference.
    pub reference: Option<String>,
    /// The day on which the payment was refunded.
    #[serde(default)]
    pub refunded_on: Option<Day>,
    /// Goods and services tax that the amount includes.
    #[serde(default)]
    pub tax: Vec<GstLine>,
    /// Facts about the supply, such as its place and code, that are printed when there is tax.
    #[serde(default)]
    pub supply: Vec<(String, String)>,
}

/// A line of goods and services tax.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GstLine {
    /// Kind of the line, such as `Taxable value`, `CGST`, `SGST` or `IGST`.
    pub name: String,
    /// Rate in per cent; empty for the taxable value.
    pub rate: String,
    /// The amount.
    pub amount: Money,
}

impl Receipt {
    /// The receipt in a language.
    pub fn document(&self, language: Language, verification: Option<Proof>) -> Document {
        let l = language;
        let mut blocks = Vec::new();
        if let Some(day) = self.refunded_on {
            let day = long_date(day, l);
            blocks.push(Block::Notice(match l {
                Language::English => format!("This payment was refunded on {day}."),
                Language::Hindi => format!("यह भुगतान {day} को वापस किया गया।"),
            }));
        }
        blocks.push(Block::Amount {
            label: l.pick("Amount received", "प्राप्त राशि").to_owned(),
            figures: rupees(self.amount),
            words: in_words(self.amount, l),
        });
        blocks.push(Block::Facts(self.facts(l)));
        if !self.tax.is_empty() {
            let heading = l.pick("Goods and services tax included", "शामिल वस्तु एवं सेवा कर");
            blocks.push(Block::Heading(heading.to_owned()));
            if !self.supply.is_empty() {
                let facts = self.supply.iter().map(|(name, value)| Fact::new(tax_term(name, l), value));
                blocks.push(Block::Facts(facts.collect()));
            }
            blocks.push(Block::Table(self.tax_table(l)));
        }
        Document {
            language,
            title: l.pick("Receipt", "रसीद").to_owned(),
            facts: vec![
                fact(l, "Receipt number", "रसीद संख्या", self.number.clone()),
                fact(l, "Date", "दिनांक", long_date(self.paid_on, l)),
            ],
            date: self.paid_on,
            company: self.company.clone(),
            party: Some(self.member.party(l, "Received from", "भुगतानकर्ता")),
            blocks,
            verification,
        }
    }

    fn facts(&self, l: Language) -> Vec<Fact> {
        let mut facts = vec![
            fact(l, "Booking", "बुकिंग", self.booking_number.clone()),
            fact(l, "Vehicle", "वाहन", self.vehicle.clone()),
            fact(l, "Price of the vehicle", "वाहन का मूल्य", rupees(self.price)),
            fact(l, "Paid by", "भुगतान का तरीका", method_name(self.method, l)),
        ];
        let reference = self.reference.iter();
        facts.extend(reference.map(|reference| fact(l, "Reference", "संदर्भ संख्या", reference.clone())));
        facts
    }

    fn tax_table(&self, l: Language) -> Table {
        let row = |line: &GstLine| {
            let rate = if line.rate.is_empty() { String::new() } else { format!("{} %", line.rate) };
            Row::new([tax_term(&line.name, l).to_owned(), rate, grouped(line.amount)])
        };
        Table {
            columns: vec![
                Column::text(l.pick("Particulars", "विवरण")),
                Column::amount(l.pick("Rate", "दर")),
                Column::amount(l.pick("Amount\u{a0}(₹)", "राशि\u{a0}(₹)")),
            ],
            rows: self.tax.iter().map(row).collect(),
        }
    }
}

/// A term of the tax law in a language. A snapshot has it in English.
fn tax_term(term: &str, l: Language) -> &str {
    let hindi = match term {
        "Taxable value" => "कर योग्य मूल्य",
        "CGST" => "केंद्रीय जीएसटी (CGST)",
        "SGST" => "राज्य जीएसटी (SGST)",
        "SGST/UTGST" => "राज्य / केंद्र शासित प्रदेश जीएसटी (SGST/UTGST)",
        "GST" => "कुल जीएसटी",
        "GSTIN" => "जीएसटीआईएन",
        "IGST" => "एकीकृत जीएसटी (IGST)",
        "HSN" => "एचएसएन कोड (HSN)",
        "Place of supply" => "आपूर्ति का स्थान",
        other => other,
    };
    l.pick(term, hindi)
}
