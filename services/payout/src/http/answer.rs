//! Parsing of a bank's answer by the template of its file.

use crate::domain::bank_file::{AnswerLine, Settlement};
use crate::domain::bank_template::{AnswerFormat, BankTemplate, find_by_reference};
use domain::PayoutId;
use http_api::Problem;
use http_api::problem::FieldError;

/// Positions of the columns that are read.
struct Columns {
    reference: usize,
    status: usize,
    utr: usize,
    /// A bank need not give reasons.
    reason: Option<usize>,
}

impl Columns {
    /// Finds the columns in the first line. Errors with a text that names those of the template.
    fn find(header: &csv::StringRecord, format: &AnswerFormat) -> Result<Self, String> {
        let column = |names: &[String]| {
            let is_named = |cell: &str| {
                let cell = cell.trim_start_matches('\u{feff}').trim();
                names.iter().any(|name| name.eq_ignore_ascii_case(cell))
            };
            header.iter().position(is_named)
        };
        let found = (column(&format.reference), column(&format.status), column(&format.utr));
        let (Some(reference), Some(status), Some(utr)) = found else {
            let first = |names: &[String]| names.first().cloned().unwrap_or_default();
            let names = [&format.reference, &format.status, &format.utr, &format.reason].map(|names| first(names));
            return Err(format!("the columns must be {}", names.join(", ")));
        };
        Ok(Self { reference, status, utr, reason: column(&format.reason) })
    }
}

/// Parses the answer to a batch of the payouts `batch`. Leaves out the lines that the bank has not decided. Errors with
/// every line that is invalid.
pub(super) fn parse_answer(
    bytes: &[u8],
    template: &BankTemplate,
    batch: &[PayoutId],
) -> Result<Vec<AnswerLine>, Problem> {
    let malformed = |detail: String| Problem::unprocessable("payout.answer_malformed", detail);
    // Some banks answer a file in another format with plain CSV.
    let first_line = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
    let delimiter = u8::try_from(template.delimiter).ok().filter(|b| first_line.contains(b)).unwrap_or(b',');
    let mut file = csv::ReaderBuilder::new().trim(csv::Trim::All).delimiter(delimiter).from_reader(bytes);
    let header = file.headers().map_err(|e| malformed(e.to_string()))?.clone();
    let columns = Columns::find(&header, &template.answer).map_err(malformed)?;
    let (mut lines, mut errors) = (Vec::new(), Vec::new());
    for (n, record) in file.records().enumerate() {
        let record = record.map_err(|e| malformed(e.to_string()))?;
        // The first line of the file is its header.
        let line = n + 2;
        match parse_line(&record, &columns, template, batch) {
            Ok(Some((payout_id, settlement))) => lines.push(AnswerLine { line, payout_id, settlement }),
            Ok(None) => {}
            Err(detail) => errors.push(FieldError { field: format!("line {line}"), code: "invalid", detail }),
        }
    }
    if errors.is_empty() { Ok(lines) } else { Err(malformed("some lines are invalid".into()).with_errors(errors)) }
}

/// Parses one line. `None` if the bank has not decided it.
fn parse_line(
    record: &csv::StringRecord,
    columns: &Columns,
    template: &BankTemplate,
    batch: &[PayoutId],
) -> Result<Option<(PayoutId, Settlement)>, String> {
    let cell = |index: usize| record.get(index).unwrap_or_default();
    let format = &template.answer;
    let payout = find_by_reference(batch, cell(columns.reference));
    let payout = payout.ok_or_else(|| format!("{} names no payout of the batch", first(&format.reference)))?;
    let Some(outcome) = format.outcome(cell(columns.status)).map_err(|_| {
        let words = [&format.paid[..], &format.failed, &format.pending].concat();
        format!("{} must be one of {}", first(&format.status), words.join(", "))
    })?
    else {
        return Ok(None);
    };
    let reason = columns.reason.map(cell).unwrap_or_default();
    let settlement = Settlement::try_new(outcome, cell(columns.utr), reason).map_err(|e| e.to_string())?;
    Ok(Some((payout, settlement)))
}

fn first(names: &[String]) -> &str {
    names.first().map_or("", String::as_str)
}
