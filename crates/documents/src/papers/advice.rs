//! Advice of a payout to a bank account.

use super::{Member, dates::long_date, fact};
use crate::Language;
use crate::amount::{grouped, in_words, rupees};
use crate::model::{Block, Column, Company, Document, Proof, Row, Table};
use domain::{Day, Money};
use serde::{Deserialize, Serialize};

/// What a payout advice states.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayoutAdvice {
    /// The company that paid.
    pub company: Company,
    /// The payee.
    pub member: Member,
    /// Number or id of the payout.
    pub number: String,
    /// The day on which it was requested.
    pub requested_on: Day,
    /// The day on which the bank paid it.
    pub paid_on: Day,
    /// What was taken from the wallet.
    pub gross: Money,
    /// Tax deducted at source.
    pub tds: Money,
    /// Section of the law and rate of the tax, such as `194H, 5 %`.
    pub tax_rule: String,
    /// What was kept for the instalments of a booking.
    pub emi: Money,
    /// What the bank paid.
    pub net: Money,
    /// Holder of the account.
    pub account_holder: String,
    /// The account number with only its last digits.
    pub account_number: String,
    /// Code of the bank's branch.
    pub ifsc: String,
    /// Name of the bank.
    pub bank_name: String,
    /// The bank's reference of the transfer.
    pub utr: String,
}

impl PayoutAdvice {
    /// The advice in a language.
    pub fn document(&self, language: Language, verification: Option<Proof>) -> Document {
        let l = language;
        Document {
            language,
            title: l.pick("Payout advice", "भुगतान सूचना").to_owned(),
            facts: vec![
                fact(l, "Payout", "भुगतान संख्या", self.number.clone()),
                fact(l, "Paid on", "भुगतान की तिथि", long_date(self.paid_on, l)),
            ],
            date: self.paid_on,
            company: self.company.clone(),
            party: Some(self.member.party(l, "Paid to", "प्राप्तकर्ता")),
            blocks: vec![
                Block::Amount {
                    label: l.pick("Paid to your bank account", "आपके बैंक खाते में जमा राशि").to_owned(),
                    figures: rupees(self.net),
                    words: in_words(self.net, l),
                },
                Block::Facts(vec![
                    fact(l, "Account holder", "खाताधारक", self.account_holder.clone()),
                    fact(l, "Account number", "खाता संख्या", self.account_number.clone()),
                    fact(l, "Bank", "बैंक", self.bank_name.clone()),
                    fact(l, "IFSC", "आईएफएससी", self.ifsc.clone()),
                    fact(l, "UTR of the transfer", "अंतरण की यूटीआर संख्या", self.utr.clone()),
                    fact(l, "Requested on", "अनुरोध की तिथि", long_date(self.requested_on, l)),
                ]),
                Block::Table(self.table(l)),
            ],
            verification,
        }
    }

    fn table(&self, l: Language) -> Table {
        let minus = |amount: Money| grouped(amount.neg().unwrap_or_default());
        let tax = match l {
            Language::English => format!("Tax deducted at source ({})", self.tax_rule),
            Language::Hindi => format!("स्रोत पर कर कटौती ({})", self.tax_rule),
        };
        let mut rows =
            vec![Row::new([l.pick("Taken from the wallet", "वॉलेट से ली गई राशि").to_owned(), grouped(self.gross)])];
        if !self.tds.is_zero() {
            rows.push(Row::new([tax, minus(self.tds)]));
        }
        if !self.emi.is_zero() {
            let emi = l.pick("Kept for the instalments of your booking", "आपकी बुकिंग की किस्तों के लिए रखी गई राशि");
            rows.push(Row::new([emi.to_owned(), minus(self.emi)]));
        }
        rows.push(Row::total([l.pick("Paid to the bank account", "बैंक खाते में जमा").to_owned(), grouped(self.net)]));
        Table {
            columns: vec![
                Column::text(l.pick("Particulars", "विवरण")),
                Column::amount(l.pick("Amount\u{a0}(₹)", "राशि\u{a0}(₹)")),
            ],
            rows,
        }
    }
}
