//! A sample of each kind of document.

use documents::Language;
use documents::model::{Company, Document, Proof};
use documents::papers::{
    BookingConfirmation, CertificateQuarter, CoverSection, EmiSchedule, GstLine, Member, PayoutAdvice, QuarterlyCover,
    Receipt, ScheduledInstalment, StatementLine, TdsCertificate, WalletStatement,
};
use domain::{Day, Money, PaymentMethod, Quarter};

pub(crate) const NAME: &str = "नवीन क्षत्रिय सुविधा";

fn day(text: &str) -> Day {
    text.parse().expect("a day")
}

pub(crate) fn company() -> Company {
    Company {
        name: "Bharat EV Distribution Private Limited".to_owned(),
        address: vec!["4th Floor, 12 Residency Road".to_owned(), "Bengaluru, Karnataka 560025".to_owned()],
        contact: "care@bharat-ev.example · 080 4000 1234".to_owned(),
        gstin: "29ABCDE1234F1Z5".to_owned(),
        tan: "BLRA12345B".to_owned(),
        pan: "ABCDE1234F".to_owned(),
    }
}

pub(crate) fn member() -> Member {
    Member { name: NAME.to_owned(), lines: vec!["Member EV100042".to_owned()] }
}

pub(crate) fn proof() -> Option<Proof> {
    let code = "B-7KQ2M-9XW4T-HJ3RD-V8N5C".to_owned();
    Some(Proof { url: format!("https://ev.example.in/verify?code={code}"), code })
}

pub(crate) fn receipt() -> Receipt {
    let tax = |name: &str, rate: &str, paise| GstLine {
        name: name.to_owned(),
        rate: rate.to_owned(),
        amount: Money::from_paise(paise),
    };
    Receipt {
        company: company(),
        number: "EV/2026-27/000042".to_owned(),
        paid_on: day("2026-11-30"),
        member: member(),
        booking_number: "BK-2026-000123".to_owned(),
        vehicle: "Comet X2 Long Range, Pearl White".to_owned(),
        price: Money::from_rupees(124_999),
        amount: Money::from_paise(263_650),
        method: PaymentMethod::BankTransfer,
        reference: Some("HDFCN52026113012345678".to_owned()),
        refunded_on: Some(day("2026-12-01")),
        tax: vec![tax("Taxable value", "", 251_095), tax("CGST", "2.5", 6_277), tax("SGST", "2.5", 6_278)],
        supply: vec![
            ("HSN".to_owned(), "87116020".to_owned()),
            ("Place of supply".to_owned(), "29 Karnataka".to_owned()),
        ],
    }
}

pub(crate) fn statement(lines: u64) -> (WalletStatement, Vec<StatementLine>) {
    let mut balance = Money::from_rupees(10_000);
    let opening = balance;
    let (mut credits, mut debits) = (Money::ZERO, Money::ZERO);
    let rows = (0..lines)
        .map(|n| {
            let amount = match n % 7 {
                6 => Money::from_paise(-12_345),
                _ => Money::from_paise(1_234_500 + i64::try_from(n).expect("small")),
            };
            balance = balance.add(amount).expect("in range");
            let side = if amount.is_negative() { &mut debits } else { &mut credits };
            *side = side.add(amount).expect("in range");
            StatementLine {
                posted_on: day("2026-11-30"),
                value_on: day("2026-11-29"),
                kind: "Pair income".to_owned(),
                description: format!("Pair {n} of {NAME} at generation {}", n % 20),
                amount,
                balance,
            }
        })
        .collect();
    let head = WalletStatement {
        company: company(),
        member: member(),
        month: day("2026-11-30").month(),
        issued_on: day("2026-12-01"),
        is_final: false,
        opening,
        closing: balance,
        credits,
        debits,
        lines,
        part: (1, 2),
    };
    (head, rows)
}

fn schedule() -> EmiSchedule {
    let instalment = |number: u32| ScheduledInstalment {
        number,
        due_on: day("2026-08-05").plus_months(number),
        amount: Money::from_paise(1_041_650),
        paid: if number < 3 { Money::from_paise(1_041_650) } else { Money::ZERO },
    };
    EmiSchedule {
        company: company(),
        member: member(),
        as_of: day("2026-11-30"),
        booking_number: "BK-2026-000123".to_owned(),
        vehicle: "Comet X2 Long Range, Pearl White".to_owned(),
        price: Money::from_rupees(124_999),
        principal: Money::from_rupees(124_998),
        instalments: (1..=12).map(instalment).collect(),
    }
}

fn confirmation() -> BookingConfirmation {
    BookingConfirmation {
        company: company(),
        member: member(),
        booking_number: "BK-2026-000123".to_owned(),
        booked_on: day("2026-11-28"),
        confirmed_on: day("2026-11-30"),
        vehicle: "Comet X2 Long Range, Pearl White".to_owned(),
        price: Money::from_rupees(124_999),
        booking_amount: Money::from_rupees(500),
        paid: Money::from_rupees(500),
        emi_months: 12,
    }
}

fn advice() -> PayoutAdvice {
    PayoutAdvice {
        company: company(),
        member: member(),
        number: "0199e2a4-6f1b-7c3d-9a4e-5b6c7d8e9f00".to_owned(),
        requested_on: day("2026-11-27"),
        paid_on: day("2026-11-30"),
        gross: Money::from_rupees(50_000),
        tds: Money::from_rupees(1_000),
        tax_rule: "194H, 2 %".to_owned(),
        emi: Money::from_rupees(9_000),
        net: Money::from_rupees(40_000),
        account_holder: NAME.to_owned(),
        account_number: "XXXXXX4321".to_owned(),
        ifsc: "HDFC0000123".to_owned(),
        bank_name: "HDFC Bank".to_owned(),
        utr: "HDFCN52026113012345678".to_owned(),
    }
}

fn certificate() -> TdsCertificate {
    let quarter = |quarter, gross, challans: &[&str]| CertificateQuarter {
        quarter,
        section: "194H".to_owned(),
        rate: "2".to_owned(),
        gross: Money::from_rupees(gross),
        tds: Money::from_rupees(gross / 50),
        challans: challans.iter().map(|challan| (*challan).to_owned()).collect(),
    };
    TdsCertificate {
        company: company(),
        member: member(),
        pan: "BNZPK1234L".to_owned(),
        number: "TDS/2026-27/000007".to_owned(),
        issued_on: day("2027-05-15"),
        year: day("2026-11-30").financial_year(),
        quarters: vec![
            quarter(Quarter::Q1, 50_000, &["0510308 / 2026-07-06 / 00123"]),
            quarter(
                Quarter::Q3,
                125_000,
                &["0510308 / 2026-11-06 / 00456", "0510308 / 2026-12-07 / 00789", "6390340 / 2027-01-06 / 10112"],
            ),
        ],
    }
}

fn cover() -> QuarterlyCover {
    let section = |section: &str, records, gross| CoverSection {
        section: section.to_owned(),
        records,
        gross: Money::from_rupees(gross),
        tds: Money::from_rupees(gross / 50),
    };
    QuarterlyCover {
        company: company(),
        made_on: day("2027-01-10"),
        year: day("2026-11-30").financial_year(),
        quarter: Quarter::Q3,
        deductees: 812,
        records: 1_204,
        sections: vec![section("194H", 1_200, 14_567_000), section("194R", 4, 40_000)],
        challans: vec![("0510308 / 2027-01-06 / 00456".to_owned(), Money::from_paise(29_214_000))],
    }
}

/// All kinds in a language, each with a name.
pub(crate) fn documents(language: Language) -> Vec<(&'static str, Document)> {
    let (head, lines) = statement(60);
    vec![
        ("receipt", receipt().document(language, proof())),
        ("booking-confirmation", confirmation().document(language, proof())),
        ("emi-schedule", schedule().document(language, proof())),
        ("wallet-statement", head.document(language, lines, proof())),
        ("payout-advice", advice().document(language, proof())),
        ("tds-certificate", certificate().document(language, proof())),
        ("quarterly-cover", cover().document(language, proof())),
    ]
}
