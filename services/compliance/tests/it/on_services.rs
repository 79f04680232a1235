//! Documents and deductions on MariaDB: `TEST_MYSQL_URL` names a server whose user may create databases.

use crate::audit::{the_audit_log_has_filters, the_audit_log_is_sealed};
use crate::challan_changes::changes_of_a_challan_are_kept;
use crate::challans::{
    DEDUCTOR, a_challan_is_recorded_once, a_long_text_file_adds_up, numbers_of_certificates_have_no_gaps,
};
use crate::documents::twenty_parallel_uploads_fill_the_limit_and_no_more;
use crate::erasures::an_erasure_removes_rows_and_bytes;
use crate::fixture::*;
use crate::grievances::{a_missed_deadline_escalates, numbers_have_no_gaps};
use crate::tds::a_long_statement_has_one_line_a_pan_and_section;
use testkit::mariadb::with_database;

mod real_clamd;

#[tokio::test(flavor = "multi_thread")]
async fn documents_and_deductions_work_on_mariadb() {
    with_database(async |url: String| {
        let f = fixture_with(&[("DATABASE_URL", &url)]).await;
        let user = runtime::id::fresh();
        let (me, staff) = (f.as_user(user), f.as_staff());
        let path = format!("/compliance/documents/{}", upload(&me).await);
        let (verify, reject) = (format!("{path}/verify"), format!("{path}/reject"));
        let reason = serde_json::json!({ "reason": "धुंधला" });
        let (a, b) = tokio::join!(staff.post_empty(&verify), staff.post(&reject, reason));
        let mut statuses = [a.status, b.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
        assert_eq!(me.get(&format!("{path}/content")).await.status, 200);
        let completed = f.completed(user, f.tax("ABCDE1234F", 1_000_000, f.now()));
        for _ in 0..2 {
            f.deliver_now(&returned(&completed)).await;
            f.deliver_now(&completed).await;
        }
        let list = me.get("/compliance/tds").await.expect(200);
        assert_eq!((list["items"].as_array().unwrap().len(), list["total_tds"].as_str()), (2, Some("0.00")));
        let file = staff.get("/compliance/tds/2026-27/Q3/statement").await;
        assert!(
            file.text.ends_with("ABCDE1234F,Asha Rao,194H,2,0.00,0.00\nTOTAL,1 PAN,,2,0.00,0.00\n"),
            "{}",
            file.text
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_has_filters_on_mariadb() {
    with_database(async |url: String| {
        let f = fixture_with(&[("DATABASE_URL", &url)]).await;
        the_audit_log_has_filters(&f).await;
        assert_eq!(f.as_admin().get("/audit/actions").await.expect(200)["items"].as_array().unwrap().len(), 7);
        let user = runtime::id::fresh();
        f.deliver_now(&f.completed(user, f.tax("ABCDE1234F", 1_000_000, f.now()))).await;
        let years = f.as_user(user).get("/compliance/tds/years").await.expect(200);
        assert_eq!(years["items"][0]["total_tds"], "500.00");
        let waiting = f.as_staff().get("/compliance/documents/queue-counts").await.expect(200);
        assert_eq!(waiting["items"][0]["count"], 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_is_read_page_by_page_on_mariadb() {
    with_database(async |url: String| {
        a_long_statement_has_one_line_a_pan_and_section(&fixture_with(&[("DATABASE_URL", &url)]).await).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_has_at_most_a_hundred_documents_on_mariadb() {
    with_database(async |url: String| {
        let f = fixture_with(&[("DATABASE_URL", &url)]).await;
        twenty_parallel_uploads_fill_the_limit_and_no_more(&f).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn challans_and_numbers_of_certificates_are_unique_on_mariadb() {
    with_database(async |url: String| {
        let f = fixture_with(&[("DATABASE_URL", &url)]).await;
        a_challan_is_recorded_once(&f).await;
        changes_of_a_challan_are_kept(&f).await;
        numbers_of_certificates_have_no_gaps(&f).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_erased_on_mariadb() {
    with_database(async |url: String| {
        an_erasure_removes_rows_and_bytes(&fixture_with(&[("DATABASE_URL", &url)]).await).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_file_is_read_page_by_page_on_mariadb() {
    with_database(async |url: String| {
        a_long_text_file_adds_up(&fixture_with(&[&DEDUCTOR[..], &[("DATABASE_URL", &url)]].concat()).await).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_is_sealed_on_mariadb() {
    with_database(async |url: String| {
        the_audit_log_is_sealed(&fixture_with(&[("DATABASE_URL", &url)]).await).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn grievances_are_numbered_and_escalated_on_mariadb() {
    with_database(async |url: String| {
        let f = fixture_with(&[("DATABASE_URL", &url)]).await;
        numbers_have_no_gaps(&f).await;
        a_missed_deadline_escalates(&f).await;
    })
    .await;
}
