//! Certificate of the tax deducted from a member's payouts in a financial year.

use super::{Member, dates::long_date, fact};
use crate::Language;
use crate::amount::{grouped, in_words, rupees};
use crate::model::{Block, Column, Company, Document, Proof, Row, Table};
use domain::{Day, FinancialYear, Money, Quarter};
use serde::{Deserialize, Serialize};

/// What a TDS certificate states.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TdsCertificate {
    /// The deductor.
    pub company: Company,
    /// The deductee.
    pub member: Member,
    /// The deductee's permanent account number, masked but on the member's own copy.
    pub pan: String,
    /// Number of the certificate.
    pub number: String,
    /// The day of issue.
    pub issued_on: Day,
    /// The financial year.
    pub year: FinancialYear,
    /// The quarters that have deductions.
    pub quarters: Vec<CertificateQuarter>,
}

/// The deductions of a quarter under one section and rate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateQuarter {
    /// The quarter.
    pub quarter: Quarter,
    /// Section of the law.
    pub section: String,
    /// Rate in per cent.
    pub rate: String,
    /// What was paid or credited.
    pub gross: Money,
    /// What was deducted.
    pub tds: Money,
    /// The challans by which the tax of the quarter was deposited: bank branch, date and serial number.
    #[serde(default)]
    pub challans: Vec<String>,
}

impl TdsCertificate {
    /// The sum of the tax; zero when it exceeds the range.
    pub fn total_tds(&self) -> Money {
        Money::total(self.quarters.iter().map(|quarter| quarter.tds)).unwrap_or_default()
    }

    /// The certificate in a language.
    pub fn document(&self, language: Language, verification: Option<Proof>) -> Document {
        let l = language;
        let statement = match l {
            Language::English => format!(
                "This is to certify that {} deducted the tax below from the amounts that it paid or credited to the \
                 member in the financial year {}.",
                self.company.name, self.year
            ),
            Language::Hindi => format!(
                "प्रमाणित किया जाता है कि {} ने वित्तीय वर्ष {} में सदस्य को दी गई या जमा की गई राशियों \
                 पर नीचे दिया गया कर काटा।",
                self.company.name, self.year
            ),
        };
        Document {
            language,
            title: l.pick("Certificate of tax deducted at source", "स्रोत पर कर कटौती प्रमाणपत्र").to_owned(),
            facts: vec![
                fact(l, "Certificate", "प्रमाणपत्र संख्या", self.number.clone()),
                fact(l, "Issued on", "जारी करने की तिथि", long_date(self.issued_on, l)),
                fact(l, "Financial year", "वित्तीय वर्ष", self.year.to_string()),
            ],
            date: self.issued_on,
            company: self.company.clone(),
            party: Some(self.member.party(l, "Deductee", "जिनका कर काटा गया")),
            blocks: vec![
                Block::Facts(vec![
                    fact(l, "PAN of the deductee", "करदाता का पैन", self.pan.clone()),
                    fact(l, "TAN of the deductor", "कटौतीकर्ता का टैन", self.company.tan.clone()),
                ]),
                Block::Paragraph(statement),
                Block::Amount {
                    label: l.pick("Tax deducted in the year", "वर्ष में काटा गया कर").to_owned(),
                    figures: rupees(self.total_tds()),
                    words: in_words(self.total_tds(), l),
                },
                Block::Table(self.table(l)),
            ],
            verification,
        }
    }

    fn table(&self, l: Language) -> Table {
        let row = |quarter: &CertificateQuarter| {
            Row::new([
                quarter.quarter.to_string(),
                quarter.section.clone(),
                format!("{} %", quarter.rate),
                challans(&quarter.challans),
                grouped(quarter.gross),
                grouped(quarter.tds),
            ])
        };
        let gross = Money::total(self.quarters.iter().map(|quarter| quarter.gross)).unwrap_or_default();
        let total = Row::total([
            l.pick("Total", "योग").to_owned(),
            String::new(),
            String::new(),
            String::new(),
            grouped(gross),
            grouped(self.total_tds()),
        ]);
        Table {
            columns: vec![
                Column::short(l.pick("Quarter", "तिमाही")),
                Column::short(l.pick("Section", "धारा")),
                Column::short(l.pick("Rate", "दर")),
                Column::text(l.pick("Challans", "चालान")),
                Column::amount(l.pick("Paid or credited\u{a0}(₹)", "दी गई राशि\u{a0}(₹)")),
                Column::amount(l.pick("Tax\u{a0}(₹)", "कर\u{a0}(₹)")),
            ],
            rows: self.quarters.iter().map(row).chain([total]).collect(),
        }
    }
}

/// The challans in a cell, each in one piece.
fn challans(references: &[String]) -> String {
    let unbroken: Vec<String> = references.iter().map(|reference| reference.replace(' ', "\u{a0}")).collect();
    unbroken.join(", ")
}
