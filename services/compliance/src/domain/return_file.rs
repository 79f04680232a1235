//! Text file of a quarter's deductions for the government's validating utility: records FH, BH, CD and DD, whose fields
//! are separated by carets.
//!
//! `docs/tds-return.md` lists the fields and says what they are taken from.

use domain::{Day, FinancialYear, Money, Quarter, Rate};

/// Placeholder of TDS returns for a deductee without a PAN.
pub const NO_PAN: &str = "PANNOTAVBL";
/// The first financial year of the Income-tax Act, 2025, and of its form.
const NEW_ACT_YEAR: &str = "2026-27";
/// Fields of each kind of record.
const FILE_HEADER_FIELDS: usize = 18;
const BATCH_HEADER_FIELDS: usize = 70;
const CHALLAN_FIELDS: usize = 41;
const DEDUCTEE_FIELDS: usize = 39;
/// Characters of a name, and of a line of an address.
const MAX_NAME_CHARS: usize = 75;
const MAX_ADDRESS_CHARS: usize = 25;
/// Lines of an address.
const ADDRESS_LINES: usize = 5;
/// Minor head of a challan: tax that the deductor pays by itself.
const MINOR_HEAD: &str = "200";

/// A party as the file names it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Party {
    pub name: String,
    pub pan: String,
    pub address: Vec<String>,
    /// Code of the state in returns of tax, such as `19`.
    pub state_code: String,
    pub pin_code: String,
    pub email: String,
}

/// Who deducted, and who answers for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deductor {
    pub tan: String,
    pub gstin: String,
    /// `K` for a company.
    pub category: String,
    pub party: Party,
    pub responsible: Party,
    pub designation: String,
    pub mobile: String,
}

/// The period of a file and its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    pub year: FinancialYear,
    pub quarter: Quarter,
}

impl Period {
    /// Number of the form: 140 from the year 2026-27 on, 26Q before.
    pub fn form(self) -> &'static str {
        if self.year.to_string().as_str() >= NEW_ACT_YEAR { "140" } else { "26Q" }
    }
}

/// A challan and the sum of the deductions under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChallanRecord {
    /// From 1.
    pub number: u64,
    pub bsr: String,
    pub serial: String,
    pub deposited_on: Day,
    pub amount: Money,
    pub deductees: u64,
    pub tds: Money,
}

/// A deduction under a challan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeducteeRecord<'a> {
    /// Number of its challan.
    pub challan: u64,
    /// From 1 within the challan.
    pub number: u64,
    /// `None` when the deductee has none.
    pub pan: Option<&'a str>,
    pub name: &'a str,
    pub section_code: &'a str,
    pub gross: Money,
    pub tds: Money,
    pub rate: Rate,
    pub deducted_on: Day,
}

/// A file in the making: it numbers the lines.
#[derive(Debug, Default)]
pub struct ReturnFile {
    lines: u64,
}

impl ReturnFile {
    fn line(&mut self, kind: &str, count: usize, fields: &[(usize, String)]) -> String {
        self.lines += 1;
        let mut line = format!("{}^{kind}", self.lines);
        for position in 3..=count {
            line.push('^');
            if let Some((_, value)) = fields.iter().find(|(at, _)| *at == position) {
                line.push_str(value);
            }
        }
        line.push_str("\r\n");
        line
    }

    /// The header of the file.
    pub fn file_header(&mut self, deductor: &Deductor, made_on: Day) -> String {
        let fields = [
            (3, "NS1".to_owned()),
            (4, "R".to_owned()),
            (5, date(made_on)),
            (6, "1".to_owned()),
            (7, "D".to_owned()),
            (8, deductor.tan.clone()),
            (9, "1".to_owned()),
            (10, "EV Distribution Platform".to_owned()),
        ];
        self.line("FH", FILE_HEADER_FIELDS, &fields)
    }

    /// The header of the only batch, with the count of challans and the sum of their amounts.
    pub fn batch_header(&mut self, deductor: &Deductor, period: Period, challans: u64, total: Money) -> String {
        let year = period.year.starts_on().to_string();
        let start: i32 = year.get(..4).and_then(|year| year.parse().ok()).unwrap_or_default();
        let years = |start: i32| format!("{start:04}{:02}", (start + 1) % 100);
        let mut fields = vec![
            (3, "1".to_owned()),
            (4, challans.to_string()),
            (5, period.form().to_owned()),
            (13, deductor.tan.clone()),
            (15, deductor.party.pan.clone()),
            (16, years(start + 1)),
            (17, years(start)),
            (18, period.quarter.to_string()),
            (19, plain(&deductor.party.name, MAX_NAME_CHARS)),
            (28, deductor.party.email.clone()),
            (31, "N".to_owned()),
            (32, deductor.category.clone()),
            (33, plain(&deductor.responsible.name, MAX_NAME_CHARS)),
            (34, plain(&deductor.designation, 20)),
            (42, deductor.responsible.email.clone()),
            (43, deductor.mobile.clone()),
            (46, "N".to_owned()),
            (47, total.to_string()),
            (51, "N".to_owned()),
            (52, "N".to_owned()),
            (59, deductor.responsible.pan.clone()),
            (69, deductor.gstin.clone()),
        ];
        fields.extend(address(21, &deductor.party));
        fields.extend(address(35, &deductor.responsible));
        self.line("BH", BATCH_HEADER_FIELDS, &fields)
    }

    /// A challan; the records of its deductions come next.
    pub fn challan(&mut self, challan: &ChallanRecord) -> String {
        let (zero, tds) = (Money::ZERO.to_string(), challan.tds.to_string());
        let fields = [
            (3, "1".to_owned()),
            (4, challan.number.to_string()),
            (5, challan.deductees.to_string()),
            (6, "N".to_owned()),
            (12, challan.serial.clone()),
            (16, challan.bsr.clone()),
            (18, date(challan.deposited_on)),
            (22, challan.amount.to_string()),
            (23, zero.clone()),
            (24, zero.clone()),
            (25, zero.clone()),
            (26, zero.clone()),
            (27, challan.amount.to_string()),
            (29, tds.clone()),
            (30, tds.clone()),
            (31, zero.clone()),
            (32, zero.clone()),
            (33, tds),
            (34, zero.clone()),
            (35, zero.clone()),
            (37, "N".to_owned()),
            (39, zero),
            (40, MINOR_HEAD.to_owned()),
        ];
        self.line("CD", CHALLAN_FIELDS, &fields)
    }

    /// A deduction.
    pub fn deductee(&mut self, record: &DeducteeRecord<'_>) -> String {
        let tds = record.tds.to_string();
        // The fourth letter of a PAN is the kind of its holder: C is a company.
        let is_company = record.pan.is_some_and(|pan| pan.as_bytes().get(3) == Some(&b'C'));
        let name = plain(record.name, MAX_NAME_CHARS);
        let fields = [
            (3, "1".to_owned()),
            (4, record.challan.to_string()),
            (5, record.number.to_string()),
            (6, "O".to_owned()),
            (8, if is_company { "1" } else { "2" }.to_owned()),
            (10, record.pan.unwrap_or(NO_PAN).to_owned()),
            (13, if name.is_empty() { "DEDUCTEE".to_owned() } else { name }),
            (14, tds.clone()),
            (15, Money::ZERO.to_string()),
            (16, Money::ZERO.to_string()),
            (17, tds.clone()),
            (19, tds),
            (22, record.gross.to_string()),
            (23, date(record.deducted_on)),
            (24, date(record.deducted_on)),
            (26, four_decimals(&record.rate.to_string())),
            // C: a higher rate, because the deductee has no PAN.
            (30, if record.pan.is_none() { "C" } else { "" }.to_owned()),
            (33, record.section_code.to_owned()),
        ];
        self.line("DD", DEDUCTEE_FIELDS, &fields)
    }
}

/// The code of a section of the Income-tax Act, 1961, in returns: `94H` for `194H`. `None` for another section.
pub fn section_code(section: &str) -> Option<String> {
    let rest = section.strip_prefix("19")?;
    let is_known = rest.len() <= 2 && rest.bytes().all(|b| b.is_ascii_alphanumeric());
    is_known.then(|| format!("9{rest}"))
}

fn address(first: usize, party: &Party) -> Vec<(usize, String)> {
    let lines = party.address.iter().take(ADDRESS_LINES).map(|line| plain(line, MAX_ADDRESS_CHARS));
    let last = [party.state_code.clone(), party.pin_code.clone()];
    (first..).zip(lines).chain((first + ADDRESS_LINES..).zip(last)).collect()
}

/// Day, month and year as eight digits.
fn date(day: Day) -> String {
    let text = day.to_string();
    let part = |range| text.get(range).unwrap_or_default();
    format!("{}{}{}", part(8..10), part(5..7), part(0..4))
}

/// A decimal number with four places.
fn four_decimals(number: &str) -> String {
    let (whole, places) = number.split_once('.').unwrap_or((number, ""));
    format!("{whole}.{places:0<4}")
}

/// A text in the characters that a file may have: visible ASCII without carets, with single spaces.
fn plain(text: &str, max_chars: usize) -> String {
    let allowed = |c: char| if c.is_ascii_graphic() && c != '^' { c } else { ' ' };
    let words: String = text.chars().map(allowed).collect();
    let text = words.split_whitespace().collect::<Vec<_>>().join(" ");
    text.chars().take(max_chars).collect::<String>().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(line: &str) -> Vec<&str> {
        line.strip_suffix("\r\n").expect("a whole line").split('^').collect()
    }

    #[test]
    fn the_form_follows_the_law_of_the_year() {
        let form = |year: &str| Period { year: year.parse().expect("a year"), quarter: Quarter::Q1 }.form();
        assert_eq!((form("2025-26"), form("2026-27"), form("2027-28")), ("26Q", "140", "140"));
    }

    #[test]
    fn section_codes_of_the_earlier_law_are_derived() {
        assert_eq!(section_code("194H").as_deref(), Some("94H"));
        assert_eq!(section_code("194R").as_deref(), Some("94R"));
        for other in ["393(1)", "194H^", "206AA", ""] {
            assert_eq!(section_code(other), None, "{other}");
        }
    }

    #[test]
    fn texts_have_no_separator_and_only_ascii() {
        assert_eq!(plain("Asha ^ Rao\n आशा", 75), "Asha Rao");
        assert_eq!(plain("आशा", 75), "");
        assert_eq!(plain("12345 6", 6), "12345");
        assert_eq!((four_decimals("5"), four_decimals("7.5")), ("5.0000".into(), "7.5000".into()));
    }

    #[test]
    fn each_record_has_its_fields_at_their_positions() {
        let party = |name: &str, pan: &str| Party {
            name: name.into(),
            pan: pan.into(),
            address: vec!["1 Main Road".into(), "Pune".into()],
            state_code: "19".into(),
            pin_code: "411001".into(),
            email: "tax@ev.example".into(),
        };
        let deductor = Deductor {
            tan: "PNEA12345B".into(),
            category: "K".into(),
            party: party("Bharat EV", "AAACB1234C"),
            responsible: party("Meera Iyer", "ABCPI1234K"),
            designation: "Director".into(),
            mobile: "9000000001".into(),
            gstin: String::new(),
        };
        let (mut file, day): (_, Day) = (ReturnFile::default(), "2026-11-07".parse().expect("a day"));
        let header = file.file_header(&deductor, day);
        assert_eq!(header, "1^FH^NS1^R^07112026^1^D^PNEA12345B^1^EV Distribution Platform^^^^^^^^\r\n");
        let period = Period { year: "2025-26".parse().expect("a year"), quarter: Quarter::Q3 };
        let batch = file.batch_header(&deductor, period, 1, Money::from_rupees(50));
        let batch = fields(&batch);
        let at = |position: usize| batch[position - 1];
        assert_eq!((batch.len(), at(1), at(2), at(4), at(5)), (70, "2", "BH", "1", "26Q"));
        assert_eq!((at(16), at(17), at(18), at(47)), ("202627", "202526", "Q3", "50.00"));
        assert_eq!((at(21), at(22), at(23), at(26), at(27)), ("1 Main Road", "Pune", "", "19", "411001"));
        assert_eq!((at(33), at(40), at(41), at(59)), ("Meera Iyer", "19", "411001", "ABCPI1234K"));
        let challan = file.challan(&ChallanRecord {
            number: 1,
            bsr: "0510308".into(),
            serial: "00123".into(),
            deposited_on: day,
            amount: Money::from_rupees(50),
            deductees: 2,
            tds: Money::from_paise(4_950),
        });
        let challan = fields(&challan);
        let at = |position: usize| challan[position - 1];
        assert_eq!(
            (challan.len(), at(2), at(5), at(12), at(16), at(18)),
            (41, "CD", "2", "00123", "0510308", "07112026")
        );
        assert_eq!((at(27), at(29), at(33), at(40)), ("50.00", "49.50", "49.50", "200"));
        let mut record = DeducteeRecord {
            challan: 1,
            number: 1,
            pan: Some("ABCPE1234F"),
            name: "Asha Rao",
            section_code: "94H",
            gross: Money::from_rupees(500),
            tds: Money::from_rupees(25),
            rate: "5".parse().expect("a rate"),
            deducted_on: day,
        };
        let line = file.deductee(&record);
        let found = fields(&line);
        let at = |position: usize| found[position - 1];
        assert_eq!((found.len(), at(1), at(8), at(10), at(13)), (39, "4", "2", "ABCPE1234F", "Asha Rao"));
        assert_eq!((at(17), at(19), at(22), at(26), at(30), at(33)), ("25.00", "25.00", "500.00", "5.0000", "", "94H"));
        (record.pan, record.name) = (None, "आशा");
        let line = file.deductee(&record);
        let found = fields(&line);
        assert_eq!((found[9], found[12], found[29]), (NO_PAN, "DEDUCTEE", "C"));
        record.pan = Some("ABCCE1234F");
        assert_eq!(fields(&file.deductee(&record))[7], "1");
    }
}
