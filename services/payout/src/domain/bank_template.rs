//! Templates of the files that staff upload to a bank, and of the bank's answers to them.
//!
//! A template is data: its columns, and the words of the bank.

use super::bank_file::TransferOutcome;
use domain::{Day, Money, PayoutId};
use serde::Deserialize;

/// What a column of a bank's file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CellContent {
    /// The fixed text of the column.
    Text,
    PayoutId,
    /// The payout's short reference, which fits into every bank's field.
    Reference,
    HolderName,
    AccountNumber,
    Ifsc,
    BankName,
    Amount,
    Narration,
    /// The bank's word for the way of the transfer.
    Mode,
    /// The company's account.
    DebitAccount,
    /// The day of the file.
    Date,
}

/// A column of a bank's file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateColumn {
    pub header: String,
    pub content: CellContent,
    /// Fixed text of the content `text`.
    #[serde(default)]
    pub text: String,
    /// Most characters that the bank takes; longer text is cut.
    pub max_chars: Option<usize>,
}

/// The bank's words for the ways of a transfer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModeWords {
    /// Begin of the IFSC of accounts at this bank.
    pub own_ifsc: String,
    /// To an account at this bank.
    pub own: String,
    pub neft: String,
    /// From ₹200,000 on.
    pub rtgs: String,
}

/// Columns and words of the bank's answer. A column is found by any of its headers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerFormat {
    pub reference: Vec<String>,
    pub status: Vec<String>,
    pub utr: Vec<String>,
    pub reason: Vec<String>,
    /// Words of a transfer that the bank made.
    pub paid: Vec<String>,
    /// Words of a transfer that it did not make and will not.
    pub failed: Vec<String>,
    /// Words of a transfer that it has not decided; such a line is left out.
    pub pending: Vec<String>,
}

/// How a bank writes a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum DateFormat {
    #[serde(rename = "yyyy-mm-dd")]
    Iso,
    #[serde(rename = "dd/mm/yyyy")]
    Slashes,
    #[serde(rename = "dd-mm-yyyy")]
    Hyphens,
}

impl DateFormat {
    fn write(self, day: Day) -> String {
        let format = match self {
            Self::Iso => "%Y-%m-%d",
            Self::Slashes => "%d/%m/%Y",
            Self::Hyphens => "%d-%m-%Y",
        };
        day.date().format(format).to_string()
    }
}

/// A template of one bank.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BankTemplate {
    /// 1 to 32 lower-case letters, digits and hyphens.
    pub id: String,
    pub name: String,
    /// Whether the first line names the columns.
    pub has_header: bool,
    pub delimiter: char,
    /// Whether names are reduced to the letters that the bank takes.
    pub is_plain: bool,
    pub date_format: DateFormat,
    pub modes: Option<ModeWords>,
    pub columns: Vec<TemplateColumn>,
    pub answer: AnswerFormat,
}

/// A transfer that the file asks the bank for.
#[derive(Debug, Clone, Copy)]
pub struct FileTransfer<'a> {
    pub payout_id: PayoutId,
    pub holder_name: &'a str,
    pub account_number: &'a str,
    pub ifsc: &'a str,
    pub bank_name: &'a str,
    pub net: Money,
    /// The company's account; empty if it is not known.
    pub debit_account: &'a str,
    pub day: Day,
}

/// Number of letters of a short reference.
const REFERENCE_CHARS: usize = 16;
/// Smallest amount that RTGS takes.
const MIN_RTGS: Money = Money::from_rupees(200_000);
/// Stands for a name of which the bank takes no letter.
const UNNAMED_PAYEE: &str = "Payee";

/// The short reference of a payout: the random end of its id. Should two payouts of a batch have the same one, an answer
/// that names it is refused.
pub fn short_reference(id: PayoutId) -> String {
    let hex = id.uuid().simple().to_string().to_ascii_uppercase();
    let (_, end) = hex.split_at(hex.len() - REFERENCE_CHARS);
    end.to_owned()
}

impl BankTemplate {
    /// Whether the file names the company's account.
    pub fn needs_debit_account(&self) -> bool {
        self.columns.iter().any(|column| column.content == CellContent::DebitAccount)
    }

    /// What is wrong with the template; `None` if nothing is.
    pub fn find_fault(&self) -> Option<&'static str> {
        let is_id_char = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let has = |content| self.columns.iter().any(|column| column.content == content);
        let needed = [CellContent::AccountNumber, CellContent::Ifsc, CellContent::Amount, CellContent::HolderName];
        let answer = &self.answer;
        if !(1..=32).contains(&self.id.len()) || !self.id.chars().all(is_id_char) {
            Some("an id has 1 to 32 lower-case letters, digits and hyphens")
        } else if !self.delimiter.is_ascii() || self.delimiter.is_ascii_alphanumeric() {
            Some("a delimiter is one ASCII character")
        } else if !needed.iter().all(|content| has(*content)) {
            Some("a file has columns for account number, IFSC, name and amount")
        } else if !has(CellContent::Reference) && !has(CellContent::PayoutId) {
            Some("a file has a column for the reference or the id of the payout")
        } else if has(CellContent::Mode) && self.modes.is_none() {
            Some("a column for the mode needs the bank's words")
        } else if [&answer.reference, &answer.status, &answer.utr, &answer.paid, &answer.failed]
            .iter()
            .any(|names| names.is_empty())
        {
            Some("an answer has headers for reference, status and UTR, and words for paid and failed")
        } else {
            None
        }
    }

    /// The cells of a transfer, one for each column.
    pub fn cells(&self, transfer: &FileTransfer<'_>) -> Vec<String> {
        self.columns.iter().map(|column| self.cell(column, transfer)).collect()
    }

    fn cell(&self, column: &TemplateColumn, transfer: &FileTransfer<'_>) -> String {
        let text = match column.content {
            CellContent::Text => column.text.clone(),
            CellContent::PayoutId => transfer.payout_id.to_string(),
            CellContent::Reference => short_reference(transfer.payout_id),
            CellContent::HolderName => match self.plain(transfer.holder_name) {
                name if name.is_empty() => UNNAMED_PAYEE.to_owned(),
                name => name,
            },
            CellContent::AccountNumber => transfer.account_number.to_owned(),
            CellContent::Ifsc => transfer.ifsc.to_owned(),
            CellContent::BankName => self.plain(transfer.bank_name),
            CellContent::Amount => transfer.net.to_string(),
            CellContent::Narration if self.is_plain => format!("PAYOUT {}", short_reference(transfer.payout_id)),
            CellContent::Narration => format!("payout {}", transfer.payout_id),
            CellContent::Mode => self.mode(transfer).to_owned(),
            CellContent::DebitAccount => transfer.debit_account.to_owned(),
            CellContent::Date => self.date_format.write(transfer.day),
        };
        text.chars().take(column.max_chars.unwrap_or(usize::MAX)).collect()
    }

    /// The text with letters, digits, single spaces, dots and hyphens alone, if the bank takes no others.
    fn plain(&self, text: &str) -> String {
        if !self.is_plain {
            return text.to_owned();
        }
        let kept: String =
            text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' || c == '-' { c } else { ' ' }).collect();
        let words: Vec<&str> = kept.split_whitespace().filter(|word| word.contains(char::is_alphanumeric)).collect();
        words.join(" ").trim_start_matches(['-', '.']).to_owned()
    }

    fn mode(&self, transfer: &FileTransfer<'_>) -> &str {
        let Some(words) = &self.modes else { return "" };
        if transfer.ifsc.starts_with(&*words.own_ifsc) {
            &words.own
        } else if transfer.net >= MIN_RTGS {
            &words.rtgs
        } else {
            &words.neft
        }
    }
}

impl AnswerFormat {
    /// The outcome that a word of the bank stands for; `None` if it has not decided. Errors for an unknown word.
    pub fn outcome(&self, word: &str) -> Result<Option<TransferOutcome>, UnknownWord> {
        let is_in = |words: &[String]| words.iter().any(|known| known.eq_ignore_ascii_case(word.trim()));
        if is_in(&self.paid) {
            Ok(Some(TransferOutcome::Paid))
        } else if is_in(&self.failed) {
            Ok(Some(TransferOutcome::Failed))
        } else if is_in(&self.pending) {
            Ok(None)
        } else {
            Err(UnknownWord)
        }
    }
}

/// A status that the template does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the status is not one that the template knows")]
pub struct UnknownWord;

/// The payout of a batch that a reference names: its id, or its short reference. `None` if it names none or several.
pub fn find_by_reference(batch: &[PayoutId], reference: &str) -> Option<PayoutId> {
    let reference = reference.trim();
    if let Ok(id) = reference.parse::<PayoutId>() {
        return Some(id);
    }
    let mut named = batch.iter().filter(|id| short_reference(**id).eq_ignore_ascii_case(reference));
    named.next().copied().filter(|_| named.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn template() -> BankTemplate {
        let column = |header: &str, content| TemplateColumn {
            header: header.into(),
            content,
            text: "X".into(),
            max_chars: Some(20),
        };
        let words = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        BankTemplate {
            id: "bank".into(),
            name: "Bank".into(),
            has_header: true,
            delimiter: ',',
            is_plain: true,
            date_format: DateFormat::Slashes,
            modes: Some(ModeWords { own_ifsc: "HDFC".into(), own: "I".into(), neft: "N".into(), rtgs: "R".into() }),
            columns: vec![
                column("Mode", CellContent::Mode),
                column("Name", CellContent::HolderName),
                column("Account", CellContent::AccountNumber),
                column("IFSC", CellContent::Ifsc),
                column("Amount", CellContent::Amount),
                column("Reference", CellContent::Reference),
                column("Date", CellContent::Date),
                column("Fixed", CellContent::Text),
            ],
            answer: AnswerFormat {
                reference: words(&["Reference"]),
                status: words(&["Status"]),
                utr: words(&["UTR"]),
                reason: Vec::new(),
                paid: words(&["Processed"]),
                failed: words(&["Rejected"]),
                pending: words(&["In process"]),
            },
        }
    }
    fn transfer(name: &'static str, ifsc: &'static str, rupees: i64) -> FileTransfer<'static> {
        FileTransfer {
            payout_id: Uuid::from_u128(0x0198_0000_0000_7000_8123_4567_89ab_cdef).into(),
            holder_name: name,
            account_number: "123456784321",
            ifsc,
            bank_name: "Bank",
            net: Money::from_rupees(rupees),
            debit_account: "",
            day: "2026-11-22".parse().expect("a day"),
        }
    }

    #[test]
    fn a_line_has_the_words_of_the_bank() {
        let cells = template().cells(&transfer("=Asha  Rao, Jr.", "SBIN0001234", 199_999));
        let expected =
            ["N", "Asha Rao Jr.", "123456784321", "SBIN0001234", "199999.00", "8123456789ABCDEF", "22/11/2026", "X"];
        assert_eq!(cells, expected);
        for (ifsc, rupees, mode) in
            [("SBIN0001234", 200_000, "R"), ("HDFC0001234", 500_000, "I"), ("HDFC0001234", 1, "I")]
        {
            assert_eq!(template().cells(&transfer("Asha", ifsc, rupees)).first().map(String::as_str), Some(mode));
        }
    }

    #[test]
    fn a_name_never_begins_a_formula_and_is_never_empty() {
        for (name, written) in [
            ("-2+3", "2 3"),
            ("@sum", "sum"),
            ("+91 Asha", "91 Asha"),
            ("आशा राव", "Payee"),
            ("- - -", "Payee"),
            ("A very long name of a person", "A very long name of "),
        ] {
            let cells = template().cells(&transfer(name, "SBIN0001234", 1));
            assert_eq!(cells.get(1).map(String::as_str), Some(written), "{name}");
        }
    }

    #[test]
    fn an_answer_finds_its_payout_by_id_or_short_reference() {
        let ids = [7_u128, 8].map(|n| PayoutId::from(Uuid::from_u128(n)));
        let one = short_reference(ids[0]);
        assert_eq!(find_by_reference(&ids, &format!(" {} ", one.to_lowercase())), Some(ids[0]));
        assert_eq!(find_by_reference(&ids, &ids[1].to_string()), Some(ids[1]));
        assert_eq!(find_by_reference(&ids, "0000"), None);
        // Two payouts with the same end of their ids cannot be distinguished.
        let alike = [ids[0], Uuid::from_u128(7 | 1 << 100).into()];
        assert_eq!(find_by_reference(&alike, &one), None);
    }

    #[test]
    fn the_words_of_the_bank_are_known_or_refused() {
        let answer = template().answer;
        assert_eq!(answer.outcome(" processed "), Ok(Some(TransferOutcome::Paid)));
        assert_eq!(answer.outcome("REJECTED"), Ok(Some(TransferOutcome::Failed)));
        assert_eq!(answer.outcome("in process"), Ok(None));
        assert_eq!(answer.outcome("done"), Err(UnknownWord));
    }

    #[test]
    fn a_template_without_what_a_transfer_needs_is_refused() {
        assert_eq!(template().find_fault(), None);
        for content in [CellContent::AccountNumber, CellContent::Ifsc, CellContent::Amount, CellContent::Reference] {
            let mut lacking = template();
            lacking.columns.retain(|column| column.content != content);
            assert!(lacking.find_fault().is_some(), "{content:?}");
        }
        assert!(BankTemplate { modes: None, ..template() }.find_fault().is_some());
        assert!(BankTemplate { id: "Bank".into(), ..template() }.find_fault().is_some());
        assert!(BankTemplate { delimiter: '7', ..template() }.find_fault().is_some());
    }
}
