//! Classification of errors that a real database returns.

use crate::fixture::Fixture;
use crate::store::{StoreError, account, id, insert, post, posting, postings};
use db::{DbError, ErrorClass, classify, is_append_only_violation};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

pub(crate) async fn an_unknown_table_or_column_is_an_environment_error(f: Fixture) {
    let f = f.migrated().await;
    for sql in ["SELECT 1 FROM nowhere", "SELECT absent FROM accounts"] {
        let c = &mut f.db.write().await.unwrap();
        let executed = diesel::sql_query(sql).execute(c).await.unwrap_err();
        assert_eq!(classify(&executed), ErrorClass::Environment, "{sql}: {executed}");
    }
    let batch = f.db.write().await.unwrap().batch_execute("UPDATE nowhere SET a = 1").await.unwrap_err();
    assert_eq!(classify(&batch), ErrorClass::Environment, "{batch}");
    let mut c = f.db.write().await.unwrap();
    let loaded = diesel::sql_query("SELECT 1 AS answer FROM nowhere").load::<Answer>(&mut c).await.unwrap_err();
    assert_eq!(classify(&loaded), ErrorClass::Environment, "{loaded}");
    drop(c);
    let undone = f.db.tx::<(), DbError, _>(async |c| Ok(c.batch_execute("UPDATE nowhere SET a = 1").await?)).await;
    assert_eq!(undone.unwrap_err().class(), ErrorClass::Environment);
    f.db.tx::<_, StoreError, _>(async |c| Ok(insert(c, &account(1, "asha", 5)).await?)).await.unwrap();
}

#[derive(Debug, diesel::QueryableByName)]
struct Answer {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    #[expect(dead_code, reason = "no row is read")]
    answer: i64,
}

pub(crate) async fn a_constraint_violation_is_a_data_error(f: Fixture) {
    let f = f.migrated().await;
    let c = &mut f.db.write().await.unwrap();
    insert(c, &account(1, "asha", 5)).await.unwrap();
    let taken = insert(c, &account(1, "asha", 5)).await.unwrap_err();
    let unchecked = insert(c, &account(2, "ravi", -5)).await.unwrap_err();
    let absent = diesel::sql_query("UPDATE accounts SET owner = NULL").execute(c).await.unwrap_err();
    for error in [taken, unchecked, absent] {
        assert_eq!(classify(&error), ErrorClass::Data, "{error:?}");
    }
}

pub(crate) async fn a_refusal_by_a_trigger_is_a_data_error(f: Fixture) {
    let f = f.migrated().await;
    let c = &mut *f.db.write().await.unwrap();
    insert(c, &account(1, "asha", 5)).await.unwrap();
    post(c, &posting(id(1), 1, "r1")).await.unwrap();
    let executed = diesel::delete(postings::table).execute(c).await.unwrap_err();
    let batch = c.batch_execute("DELETE FROM postings").await.unwrap_err();
    for error in [executed, batch] {
        assert!(is_append_only_violation(&error), "{error:?}");
        assert_eq!(classify(&error), ErrorClass::Data, "{error:?}");
    }
}
