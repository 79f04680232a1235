//! Rules of the SQLite schema that MySQL enforces by itself.

use crate::fixture;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;

#[derive(Debug, PartialEq, diesel::QueryableByName)]
struct ForeignKey {
    #[diesel(sql_type = Text)]
    place: String,
}

#[tokio::test(flavor = "multi_thread")]
async fn every_foreign_key_has_an_index() {
    let service = fixture::start().await;
    let mut c = service.ctx().db().read().await.unwrap();
    let keys = r#"SELECT t.name || '.' || f."from" AS place FROM sqlite_master t, pragma_foreign_key_list(t.name) f"#;
    let all: Vec<ForeignKey> = diesel::sql_query(keys).load(&mut c).await.unwrap();
    assert!(all.len() >= 8, "{all:?}");
    let unindexed = format!(
        r#"{keys} WHERE NOT EXISTS (
            SELECT 1 FROM pragma_index_list(t.name) l, pragma_index_info(l.name) i
            WHERE i.seqno = 0 AND i.name = f."from"
        )"#
    );
    let wrong: Vec<ForeignKey> = diesel::sql_query(unindexed).load(&mut c).await.unwrap();
    assert_eq!(wrong, []);
}
