//! Statement of a wallet for a month.

use super::dates::{long_date, month_name, short_date};
use super::{Member, fact};
use crate::Language;
use crate::amount::{grouped, rupees};
use crate::model::{Block, Column, Company, Document, Fact, Proof, Row, Table};
use domain::{Day, Money, Month};
use serde::{Deserialize, Serialize};

/// What the head of a wallet statement states. The lines are read from the ledger, where they never change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalletStatement {
    /// The company.
    pub company: Company,
    /// The member.
    pub member: Member,
    /// The month.
    pub month: Month,
    /// The day of issue.
    pub issued_on: Day,
    /// Whether no more lines can be added.
    pub is_final: bool,
    /// Balance before the first line.
    pub opening: Money,
    /// Balance after the last line.
    pub closing: Money,
    /// Sum of the lines that add to the balance.
    pub credits: Money,
    /// Sum of the lines that reduce it, below zero.
    pub debits: Money,
    /// Number of the lines of the month.
    pub lines: u64,
    /// Which part of the statement this is, and how many there are. A part has its own opening and closing balance.
    pub part: (u32, u32),
}

/// A line of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementLine {
    /// The day of posting.
    pub posted_on: Day,
    /// The day of the cause.
    pub value_on: Day,
    /// What it is, such as `Pair income`.
    pub kind: String,
    /// Its explanation.
    pub description: String,
    /// The amount; negative for a debit.
    pub amount: Money,
    /// The balance after it.
    pub balance: Money,
}

impl WalletStatement {
    /// The statement in a language, with its lines.
    pub fn document(
        &self,
        language: Language,
        lines: impl IntoIterator<Item = StatementLine>,
        verification: Option<Proof>,
    ) -> Document {
        let l = language;
        let mut blocks = Vec::new();
        if !self.is_final {
            let text = l.pick(
                "The month is not closed: further lines may be added.",
                "यह महीना अभी बंद नहीं हुआ है: और प्रविष्टियाँ जुड़ सकती हैं।",
            );
            blocks.push(Block::Notice(text.to_owned()));
        }
        blocks.push(Block::Facts(self.summary(l)));
        blocks.push(Block::Table(self.table(l, lines)));
        let mut facts = vec![
            fact(l, "Month", "महीना", month_name(self.month, l)),
            fact(l, "Issued on", "जारी करने की तिथि", long_date(self.issued_on, l)),
        ];
        let (part, parts) = self.part;
        if parts > 1 {
            facts.push(fact(l, "Part", "भाग", format!("{part} / {parts}")));
        }
        Document {
            language,
            title: l.pick("Wallet statement", "वॉलेट विवरण").to_owned(),
            facts,
            date: self.issued_on,
            company: self.company.clone(),
            party: Some(self.member.party(l, "Statement for", "सदस्य")),
            blocks,
            verification,
        }
    }

    fn summary(&self, l: Language) -> Vec<Fact> {
        vec![
            fact(l, "Opening balance", "प्रारंभिक शेष", rupees(self.opening)),
            fact(l, "Closing balance", "अंतिम शेष", rupees(self.closing)),
            fact(l, "Credits", "कुल जमा", rupees(self.credits)),
            fact(l, "Debits", "कुल नामे", rupees(self.debits)),
        ]
    }

    fn table(&self, l: Language, lines: impl IntoIterator<Item = StatementLine>) -> Table {
        let row = |line: StatementLine| {
            let text =
                if line.description.is_empty() { line.kind } else { format!("{} · {}", line.kind, line.description) };
            Row::new([
                short_date(line.posted_on, l),
                short_date(line.value_on, l),
                text,
                grouped(line.amount),
                grouped(line.balance),
            ])
        };
        let balance = |english, hindi, amount| {
            let blank = String::new;
            Row::total([blank(), blank(), l.pick(english, hindi).to_owned(), blank(), grouped(amount)])
        };
        let mut rows = vec![balance("Opening balance", "प्रारंभिक शेष", self.opening)];
        rows.extend(lines.into_iter().map(row));
        rows.push(balance("Closing balance", "अंतिम शेष", self.closing));
        Table {
            columns: vec![
                Column::short(l.pick("Posted", "प्रविष्टि तिथि")),
                Column::short(l.pick("Value date", "मूल्य तिथि")),
                Column::text(l.pick("Particulars", "विवरण")),
                Column::amount(l.pick("Amount\u{a0}(₹)", "राशि\u{a0}(₹)")),
                Column::amount(l.pick("Balance\u{a0}(₹)", "शेष\u{a0}(₹)")),
            ],
            rows,
        }
    }
}
