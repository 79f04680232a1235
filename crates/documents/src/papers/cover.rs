//! Cover of the statement of tax deducted in a quarter.

use super::{dates::long_date, fact};
use crate::Language;
use crate::amount::{grouped, in_words, rupees};
use crate::model::{Block, Column, Company, Document, Proof, Row, Table};
use domain::{Day, FinancialYear, Money, Quarter};
use serde::{Deserialize, Serialize};

/// What the cover of a quarterly statement states.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarterlyCover {
    /// The deductor.
    pub company: Company,
    /// The day on which the totals were taken.
    pub made_on: Day,
    /// The financial year.
    pub year: FinancialYear,
    /// The quarter.
    pub quarter: Quarter,
    /// Distinct permanent account numbers.
    pub deductees: u64,
    /// Deductions and their reversals.
    pub records: u64,
    /// The sums by section of the law.
    pub sections: Vec<CoverSection>,
    /// The challans by which the tax was deposited, with their amounts.
    #[serde(default)]
    pub challans: Vec<(String, Money)>,
}

/// The sum of a section of the law.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverSection {
    /// Section of the law.
    pub section: String,
    /// Its deductions and their reversals.
    pub records: u64,
    /// What was paid or credited.
    pub gross: Money,
    /// What was deducted.
    pub tds: Money,
}

impl QuarterlyCover {
    /// The sum of the tax; zero when it exceeds the range.
    pub fn total_tds(&self) -> Money {
        Money::total(self.sections.iter().map(|section| section.tds)).unwrap_or_default()
    }

    /// The cover in a language.
    pub fn document(&self, language: Language, verification: Option<Proof>) -> Document {
        let l = language;
        let mut blocks = vec![
            Block::Facts(vec![
                fact(l, "TAN of the deductor", "कटौतीकर्ता का टैन", self.company.tan.clone()),
                fact(l, "PAN of the deductor", "कटौतीकर्ता का पैन", self.company.pan.clone()),
                fact(l, "Deductees", "करदाताओं की संख्या", self.deductees.to_string()),
                fact(l, "Records", "अभिलेखों की संख्या", self.records.to_string()),
            ]),
            Block::Amount {
                label: l.pick("Tax deducted in the quarter", "तिमाही में काटा गया कर").to_owned(),
                figures: rupees(self.total_tds()),
                words: in_words(self.total_tds(), l),
            },
            Block::Table(self.sections(l)),
        ];
        if !self.challans.is_empty() {
            blocks.push(Block::Heading(l.pick("Deposited by challan", "चालान से जमा").to_owned()));
            blocks.push(Block::Table(self.challans(l)));
        }
        Document {
            language,
            title: l.pick("Statement of tax deducted", "कर कटौती विवरणी").to_owned(),
            facts: vec![
                fact(l, "Period", "अवधि", format!("{} {}", self.year, self.quarter)),
                fact(l, "Made on", "बनाने की तिथि", long_date(self.made_on, l)),
            ],
            date: self.made_on,
            company: self.company.clone(),
            party: None,
            blocks,
            verification,
        }
    }

    fn sections(&self, l: Language) -> Table {
        let row = |section: &CoverSection| {
            let records = section.records.to_string();
            Row::new([section.section.clone(), records, grouped(section.gross), grouped(section.tds)])
        };
        let gross = Money::total(self.sections.iter().map(|section| section.gross)).unwrap_or_default();
        let total = Row::total([
            l.pick("Total", "योग").to_owned(),
            self.records.to_string(),
            grouped(gross),
            grouped(self.total_tds()),
        ]);
        Table {
            columns: vec![
                Column::text(l.pick("Section", "धारा")),
                Column::amount(l.pick("Records", "अभिलेख")),
                Column::amount(l.pick("Paid or credited\u{a0}(₹)", "दी गई राशि\u{a0}(₹)")),
                Column::amount(l.pick("Tax\u{a0}(₹)", "कर\u{a0}(₹)")),
            ],
            rows: self.sections.iter().map(row).chain([total]).collect(),
        }
    }

    fn challans(&self, l: Language) -> Table {
        let row = |(name, amount): &(String, Money)| Row::new([name.clone(), grouped(*amount)]);
        Table {
            columns: vec![
                Column::text(l.pick("Branch, date and serial number", "शाखा, तिथि और क्रम संख्या")),
                Column::amount(l.pick("Amount\u{a0}(₹)", "राशि\u{a0}(₹)")),
            ],
            rows: self.challans.iter().map(row).collect(),
        }
    }
}
