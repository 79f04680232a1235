//! Whose fault an error is, by what the database really says.

use crate::fixture::Fixture;
use crate::store::{StoreError, account, insert};
use db::{DbError, Fault, fault};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

pub(crate) async fn what_names_nothing_is_a_fault_of_the_environment(f: Fixture) {
    let f = f.migrated().await;
    for sql in ["SELECT 1 FROM nowhere", "SELECT absent FROM accounts"] {
        let c = &mut f.db.write().await.unwrap();
        let executed = diesel::sql_query(sql).execute(c).await.unwrap_err();
        assert_eq!(fault(&executed), Fault::Environment, "{sql}: {executed}");
    }
    let batch = f.db.write().await.unwrap().batch_execute("UPDATE nowhere SET a = 1").await.unwrap_err();
    assert_eq!(fault(&batch), Fault::Environment, "{batch}");
    let mut c = f.db.write().await.unwrap();
    let loaded = diesel::sql_query("SELECT 1 AS answer FROM nowhere").load::<Answer>(&mut c).await.unwrap_err();
    assert_eq!(fault(&loaded), Fault::Environment, "{loaded}");
    drop(c);
    let undone = f.db.tx::<(), DbError, _>(async |c| Ok(c.batch_execute("UPDATE nowhere SET a = 1").await?)).await;
    assert_eq!(undone.unwrap_err().fault(), Fault::Environment);
    f.db.tx::<_, StoreError, _>(async |c| Ok(insert(c, &account(1, "asha", 5)).await?)).await.unwrap();
}

#[derive(Debug, diesel::QueryableByName)]
struct Answer {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    #[expect(dead_code, reason = "no row is read")]
    answer: i64,
}

pub(crate) async fn what_breaks_a_rule_is_a_fault_of_the_data(f: Fixture) {
    let f = f.migrated().await;
    let c = &mut f.db.write().await.unwrap();
    insert(c, &account(1, "asha", 5)).await.unwrap();
    let taken = insert(c, &account(1, "asha", 5)).await.unwrap_err();
    let unchecked = insert(c, &account(2, "ravi", -5)).await.unwrap_err();
    let absent = diesel::sql_query("UPDATE accounts SET owner = NULL").execute(c).await.unwrap_err();
    for error in [taken, unchecked, absent] {
        assert_eq!(fault(&error), Fault::Data, "{error:?}");
    }
}
