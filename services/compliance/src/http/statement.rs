//! A quarter's statement for the tax authority: the one place where a PAN is opened, and the audit log says by whom.
//!
//! Records are read a page at a time and added up by PAN. The lines, one a PAN and section, are held in memory: they are
//! in the order of the opened PANs, which no database knows.

use crate::Compliance;
use crate::domain::statement::{Deduction, Line, Statement, safe_cell};
use crate::store::records::{self, TdsRecord};
use actix_web::{HttpResponse, web};
use chassis::audit::{self, Action};
use chassis::auth::Caller;
use chassis::http::{Problem, path_id};
use domain::{FinancialYear, Quarter};
use secrecy::ExposeSecret;

/// Records read at a time: a quarter may have very many, a statement has one line a PAN.
const PAGE: i64 = 5_000;
/// What stands for a PAN that is not there, in returns of tax deducted.
const NO_PAN: &str = "PANNOTAVBL";

pub(super) async fn show(
    app: web::Data<Compliance>,
    caller: Caller,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (year, quarter): (FinancialYear, Quarter) = (path_id(&path.0)?, path_id(&path.1)?);
    let _turn = app.exports.begin()?;
    let statement = gather(&app, year, quarter).await?;
    let file = csv(&app, &statement)?;
    let (subject, now) = (format!("{year}-{quarter}"), app.ctx.now());
    let (caller, told) = (&caller, &subject);
    let opened = async |c: &mut db::DbConnection| {
        let action = Action {
            action: "compliance.statement_download",
            subject_type: "tds_statement",
            subject_id: told.clone(),
            subject_user: None,
            detail: "",
        };
        audit::record(c, "compliance", caller, now, action).await.map_err(Problem::from)
    };
    app.ctx.tx(opened).await?;
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header(("Content-Disposition", format!("attachment; filename=\"tds-{subject}.csv\"")))
        .insert_header(("Cache-Control", "private, no-store"))
        .body(file))
}

async fn gather(app: &Compliance, year: FinancialYear, quarter: Quarter) -> Result<Statement, Problem> {
    let mut statement = Statement::new();
    let mut c = app.ctx.db().replica().await?;
    let mut after = None;
    loop {
        let page = records::of_quarter(&mut c, (year, quarter), after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(statement) };
        after = Some(last.id);
        for record in &page {
            statement.add(&deduction(record)).map_err(Problem::internal)?;
        }
    }
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

/// By PAN. The last line has the control totals: how many PANs and deductions, and the sums.
fn csv(app: &Compliance, statement: &Statement) -> Result<Vec<u8>, Problem> {
    let mut lines = statement.lines().map(|line| Ok((pan(app, line)?, line))).collect::<Result<Vec<_>, Problem>>()?;
    lines.sort_by(|(a, x), (b, y)| (a, &x.section).cmp(&(b, &y.section)));
    let totals = statement.totals().map_err(Problem::internal)?;
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut write = |record: [String; 6]| writer.write_record(record).map_err(Problem::internal);
    write(["pan", "name", "section", "deductions", "gross", "tds"].map(str::to_owned))?;
    for (pan, line) in lines {
        let name = safe_cell(&line.holder_name);
        let section = safe_cell(&line.section);
        write([pan, name, section, line.count.to_string(), line.gross.to_string(), line.tds.to_string()])?;
    }
    let deductees = format!("{} PAN", totals.deductees);
    let sums = [totals.count.to_string(), totals.gross.to_string(), totals.tds.to_string()];
    let [count, gross, tds] = sums;
    write(["TOTAL".to_owned(), deductees, String::new(), count, gross, tds])?;
    writer.into_inner().map_err(|e| Problem::internal(e.into_error()))
}

fn pan(app: &Compliance, line: &Line) -> Result<String, Problem> {
    if line.pan_sealed.is_empty() {
        return Ok(NO_PAN.to_owned());
    }
    let opened = app.sealer.open("pan", &line.pan_sealed).map_err(Problem::internal)?;
    Ok(safe_cell(opened.expose_secret()))
}
