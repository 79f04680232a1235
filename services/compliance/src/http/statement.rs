//! A quarter's statement for the tax authority: the one place where a PAN is opened, and the audit log says by whom.
//!
//! Records are read and sent page by page, in the order of the PANs' indexes: no database knows that of the PANs.

use crate::Compliance;
use crate::domain::statement::{Deduction, Line, Statement, Totals, safe_cell};
use crate::store::records::{self, TdsRecord};
use actix_web::{HttpResponse, web};
use chassis::audit::{self, Action};
use chassis::auth::Caller;
use chassis::http::{Parts, Problem, download, long_read, path_id};
use db::{DbConnection, LongRead};
use domain::{FinancialYear, Quarter};
use secrecy::ExposeSecret;
use std::time::Duration;

/// Records in memory at once.
const PAGE: i64 = 500;
/// What stands for a PAN that is not there, in returns of tax deducted.
const NO_PAN: &str = "PANNOTAVBL";

pub(super) async fn show(
    app: web::Data<Compliance>,
    caller: Caller,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let of: (FinancialYear, Quarter) = (path_id(&path.0)?, path_id(&path.1)?);
    let turn = long_read(app.ctx.db(), Duration::ZERO).await?;
    let name = format!("tds-{}-{}.csv", of.0, of.1);
    download("text/csv; charset=utf-8", &name, async move |out| send(&app, &caller, &turn, of, &out).await).await
}

async fn send(
    app: &Compliance,
    caller: &Caller,
    turn: &LongRead,
    of: (FinancialYear, Quarter),
    out: &Parts,
) -> Result<(), Problem> {
    let mut statement = Statement::default();
    let mut part = Part::of(app);
    part.write(["pan", "name", "section", "deductions", "gross", "tds"].map(str::to_owned))?;
    let mut after: Option<TdsRecord> = None;
    loop {
        let mut c = turn.connection().await?;
        let mut page = records::of_quarter(&mut c, of, after.as_ref(), PAGE).await?;
        drop(c);
        let is_last = i64::try_from(page.len()) != Ok(PAGE);
        for record in &page {
            if let Some(line) = statement.add(&deduction(record)).map_err(Problem::internal)? {
                part.line(&line)?;
            }
        }
        if is_last {
            let (line, totals) = std::mem::take(&mut statement).finish();
            line.map_or(Ok(()), |line| part.line(&line))?;
            part.totals(&totals)?;
        }
        if after.is_none() {
            // Before the first PAN leaves.
            tell(app, caller, of).await?;
        }
        out.send(part.take()?).await?;
        after = page.pop();
        if is_last {
            return Ok(());
        }
    }
}

/// Records for the audit log who of the staff downloads the statement.
async fn tell(app: &Compliance, caller: &Caller, (year, quarter): (FinancialYear, Quarter)) -> Result<(), Problem> {
    let (subject, now) = (&format!("{year}-{quarter}"), app.ctx.now());
    let opened = async |c: &mut DbConnection| {
        let action = Action {
            action: "compliance.statement_download",
            subject_type: "tds_statement",
            subject_id: subject.clone(),
            subject_user: None,
            detail: "",
        };
        audit::record(c, "compliance", caller, now, action).await.map_err(Problem::from)
    };
    app.ctx.tx(opened).await
}

fn deduction(record: &TdsRecord) -> Deduction<'_> {
    Deduction {
        pan_index: &record.pan_index,
        pan_sealed: &record.pan_sealed,
        holder_name: &record.holder_name,
        section: &record.section,
        gross: record.gross_paise,
        tds: record.tds_paise,
    }
}

/// The next part of the file.
struct Part<'a> {
    app: &'a Compliance,
    csv: csv::Writer<Vec<u8>>,
}

impl<'a> Part<'a> {
    fn of(app: &'a Compliance) -> Self {
        Self { app, csv: csv::Writer::from_writer(Vec::new()) }
    }

    fn write(&mut self, record: [String; 6]) -> Result<(), Problem> {
        self.csv.write_record(record).map_err(Problem::internal)
    }

    fn line(&mut self, line: &Line) -> Result<(), Problem> {
        let pan = pan(self.app, line)?;
        let (name, section) = (safe_cell(&line.holder_name), safe_cell(&line.section));
        self.write([pan, name, section, line.count.to_string(), line.gross.to_string(), line.tds.to_string()])
    }

    /// How many PANs and deductions, and the sums: the last line.
    fn totals(&mut self, of: &Totals) -> Result<(), Problem> {
        let (count, gross, tds) = (of.count.to_string(), of.gross.to_string(), of.tds.to_string());
        self.write(["TOTAL".to_owned(), format!("{} PAN", of.deductees), String::new(), count, gross, tds])
    }

    fn take(&mut self) -> Result<Vec<u8>, Problem> {
        let written = std::mem::replace(self, Self::of(self.app));
        written.csv.into_inner().map_err(|e| Problem::internal(e.into_error()))
    }
}

fn pan(app: &Compliance, line: &Line) -> Result<String, Problem> {
    if line.pan_sealed.is_empty() {
        return Ok(NO_PAN.to_owned());
    }
    let opened = app.sealer.open("pan", &line.pan_sealed).map_err(Problem::internal)?;
    Ok(safe_cell(opened.expose_secret()))
}
