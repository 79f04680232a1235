//! Single statements: row counts, error predicates, upserts, multi-row inserts.

use crate::fixture::Fixture;
use crate::store::{
    self, account, accounts, find, id, insert, outbox, post, posted, posting, postings, set_balance, upsert,
};
use db::{
    insert_many, insert_new, is_append_only_violation, is_check_violation, is_retryable, is_unique_violation,
    upsert_newer,
};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use domain::Money;

pub(crate) async fn a_missing_row_is_none_and_a_count_is_zero(f: Fixture) {
    let f = f.migrated().await;
    let c = &mut *f.db.write().await.unwrap();
    assert_eq!(find(c, id(1)).await.unwrap(), None);
    assert_eq!(diesel::delete(accounts::table.find(id(1))).execute(c).await.unwrap(), 0);
    assert!(matches!(store::balance(c, id(1)).await, Err(Error::NotFound)));
}

pub(crate) async fn an_update_to_the_same_value_counts_its_row(f: Fixture) {
    let f = f.migrated().await;
    let c = &mut *f.db.write().await.unwrap();
    insert(c, &account(1, "asha", 5)).await.unwrap();
    for _ in 0..2 {
        let same = diesel::update(accounts::table.find(id(1))).set(accounts::open.eq(true)).execute(c).await;
        assert_eq!(same.unwrap(), 1);
    }
}

pub(crate) async fn an_update_of_an_old_version_changes_nothing(f: Fixture) {
    let f = f.migrated().await;
    let c = &mut *f.db.write().await.unwrap();
    let seen = account(1, "asha", 5);
    insert(c, &seen).await.unwrap();
    assert!(set_balance(c, &seen, Money::from_paise(6)).await.unwrap());
    assert!(!set_balance(c, &seen, Money::from_paise(7)).await.unwrap());
    assert_eq!(store::balance(c, id(1)).await.unwrap(), Money::from_paise(6));
}

pub(crate) async fn a_unique_violation_is_distinguished_from_every_other_error(f: Fixture) {
    let f = f.migrated().await;
    let c = &mut *f.db.write().await.unwrap();
    insert(c, &account(1, "asha", 5)).await.unwrap();
    assert!(post(c, &posting(id(1), 1, "r1")).await.unwrap());
    assert!(!post(c, &posting(id(1), 2, "r1")).await.unwrap());
    let taken = insert(c, &account(2, "asha", 5)).await.unwrap_err();
    assert!(is_unique_violation(&taken) && !is_check_violation(&taken) && !is_retryable(&taken), "{taken:?}");
    // A missing account must not look like a repeated posting.
    let dangling = post(c, &posting(id(9), 1, "r2")).await.unwrap_err();
    assert!(matches!(dangling, Error::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _)), "{dangling:?}");
    assert_eq!(posted(c, id(1)).await.unwrap(), (Some(Money::from_paise(1)), 1));
}

pub(crate) async fn a_check_violation_is_recognised(f: Fixture) {
    let f = f.migrated().await;
    let c = &mut *f.db.write().await.unwrap();
    insert(c, &account(1, "asha", 0)).await.unwrap();
    let broken = insert(c, &account(2, "ravi", -1)).await.unwrap_err();
    assert!(is_check_violation(&broken) && !is_unique_violation(&broken), "{broken:?}");
    let less = accounts::balance_paise.eq(accounts::balance_paise - 1);
    let broken = diesel::update(accounts::table.find(id(1))).set(less).execute(c).await.unwrap_err();
    assert!(is_check_violation(&broken), "{broken:?}");
}

pub(crate) async fn an_upsert_sets_only_the_named_columns(f: Fixture) {
    const KEY: &[&str] = &[accounts::id::NAME];
    let f = f.migrated().await;
    let c = &mut *f.db.write().await.unwrap();
    upsert(c, &account(1, "asha", 5), KEY, &[]).await.unwrap();
    upsert(c, &account(1, "ravi", 6), KEY, &[]).await.unwrap();
    assert_eq!(find(c, id(1)).await.unwrap(), Some(account(1, "asha", 5)));
    upsert(c, &account(1, "ravi", 7), KEY, &[accounts::balance_paise::NAME]).await.unwrap();
    assert_eq!(find(c, id(1)).await.unwrap(), Some(account(1, "asha", 7)));
    upsert(c, &account(1, "ravi", 8), KEY, &[accounts::owner::NAME, accounts::balance_paise::NAME]).await.unwrap();
    assert_eq!(find(c, id(1)).await.unwrap(), Some(account(1, "ravi", 8)));
    // An upsert without columns must not hide other errors.
    assert!(upsert(c, &account(2, "mira", -1), KEY, &[]).await.is_err());
}

pub(crate) async fn upsert_newer_keeps_the_newest_version_of_each_row(f: Fixture) {
    let f = f.migrated().await;
    let c = &mut *f.db.write().await.unwrap();
    let version = |n, owner: &str, balance, version| store::Account { version, ..account(n, owner, balance) };
    insert(c, &version(1, "asha", 5, 3)).await.unwrap();
    insert(c, &version(2, "ravi", 5, 3)).await.unwrap();
    insert(c, &version(3, "mira", 5, 3)).await.unwrap();
    let rows = [version(1, "a", 1, 2), version(2, "r", 2, 3), version(3, "m", 3, 4), version(4, "new", 4, 1)];
    let columns = &[accounts::balance_paise::NAME, accounts::owner::NAME];
    for _ in 0..2 {
        let put = upsert_newer(c, accounts::table, &rows, &[accounts::id::NAME], columns, accounts::version::NAME);
        put.await.unwrap();
        // Older and equal versions change no column.
        for kept in [version(1, "asha", 5, 3), version(2, "ravi", 5, 3), version(3, "m", 3, 4), version(4, "new", 4, 1)]
        {
            assert_eq!(find(c, kept.id).await.unwrap(), Some(kept));
        }
    }
}

pub(crate) async fn an_upsert_without_a_key_is_refused(f: Fixture) {
    let f = f.migrated().await;
    let c = &mut *f.db.write().await.unwrap();
    let refused = upsert(c, &account(1, "asha", 5), &[], &[]).await.unwrap_err();
    assert!(matches!(refused, Error::QueryBuilderError(_)), "{refused:?}");
    assert_eq!(find(c, id(1)).await.unwrap(), None);
}

pub(crate) async fn any_number_of_rows_can_be_inserted(f: Fixture) {
    let f = f.migrated().await;
    let c = &mut *f.db.write().await.unwrap();
    insert(c, &account(1, "asha", 5)).await.unwrap();
    let mut total = 0;
    // A statement has at most 500 rows.
    for rows in [0, 1, 499, 500, 501, 1_000, 1_001] {
        let batch: Vec<_> = (0..rows).map(|n| posting(id(1), 1, &format!("{rows}/{n}"))).collect();
        assert_eq!(insert_many(c, postings::table, &batch).await.unwrap(), batch.len());
        total += rows;
    }
    assert_eq!(posted(c, id(1)).await.unwrap(), (Some(Money::from_paise(total)), total));
}

pub(crate) async fn a_duplicate_among_many_rows_rolls_back_the_transaction(f: Fixture) {
    let f = f.migrated().await;
    insert(&mut f.db.write().await.unwrap(), &account(1, "asha", 5)).await.unwrap();
    let mut batch: Vec<_> = (0..600).map(|n| posting(id(1), 1, &format!("r{n}"))).collect();
    batch.push(posting(id(1), 1, "r0"));
    let batch = &batch;
    let outcome = f.db.tx::<_, store::StoreError, _>(async |c| Ok(insert_many(c, postings::table, batch).await?)).await;
    assert!(outcome.is_err());
    assert_eq!(posted(&mut f.db.read().await.unwrap(), id(1)).await.unwrap(), (None, 0));
}

pub(crate) async fn a_sum_over_no_rows_is_null(f: Fixture) {
    let f = f.migrated().await;
    let c = &mut *f.db.write().await.unwrap();
    insert(c, &account(1, "asha", 5)).await.unwrap();
    assert_eq!(posted(c, id(1)).await.unwrap(), (None, 0));
    post(c, &posting(id(1), i64::MAX - 1, "r1")).await.unwrap();
    post(c, &posting(id(1), 1, "r2")).await.unwrap();
    assert_eq!(posted(c, id(1)).await.unwrap(), (Some(Money::MAX), 2));
    // One paisa more is out of range: an error, not a wrapped or rounded number.
    post(c, &posting(id(1), 1, "r3")).await.unwrap();
    assert!(posted(c, id(1)).await.is_err());
}

pub(crate) async fn texts_are_compared_case_and_accent_sensitively(f: Fixture) {
    let f = f.migrated().await;
    let c = &mut *f.db.write().await.unwrap();
    for (n, owner) in [(1, "asha"), (2, "Asha"), (3, "ashá")] {
        insert(c, &account(n, owner, 5)).await.unwrap();
    }
    let like: Vec<String> = accounts::table
        .filter(accounts::owner.like("ash%"))
        .order(accounts::owner)
        .select(accounts::owner)
        .load(c)
        .await
        .unwrap();
    assert_eq!(like, ["asha", "ashá"]);
}

pub(crate) async fn filters_can_be_composed_at_run_time(f: Fixture) {
    let f = f.migrated().await;
    let c = &mut *f.db.write().await.unwrap();
    insert(c, &account(1, "asha", 5)).await.unwrap();
    insert(c, &account(2, "ravi", 5)).await.unwrap();
    for n in 0..10 {
        post(c, &posting(id(1 + n % 2), i64::try_from(n).unwrap(), &format!("r{n}"))).await.unwrap();
    }
    for (owner, at_least, expected) in [(None, 0, 10), (Some("asha"), 0, 5), (Some("ravi"), 8, 1), (Some("mira"), 0, 0)]
    {
        let mut query = postings::table
            .inner_join(accounts::table)
            .select((postings::reference, accounts::owner))
            .filter(postings::amount_paise.ge(Money::from_paise(at_least)))
            .into_boxed::<db::MultiBackend>();
        if let Some(owner) = owner {
            query = query.filter(accounts::owner.eq(owner));
        }
        let rows: Vec<(String, String)> = query.limit(100).load(c).await.unwrap();
        assert_eq!(rows.len(), expected, "{owner:?} {at_least}");
    }
}

pub(crate) async fn positions_only_grow(f: Fixture) {
    let f = f.migrated().await;
    let c = &mut *f.db.write().await.unwrap();
    let mut last = 0;
    for _ in 0..3 {
        store::enqueue(c, "t", b"x").await.unwrap();
        let position: Vec<i64> = outbox::table.select(outbox::position).load(c).await.unwrap();
        assert!(position.len() == 1 && position[0] > last, "{position:?} after {last}");
        last = position[0];
        // Even the newest position is not reused.
        diesel::delete(outbox::table).execute(c).await.unwrap();
    }
    // Positions have 64 bits on both databases.
    let far = i64::from(u32::MAX) + 7;
    let row = (outbox::position.eq(far), outbox::topic.eq("t"), outbox::payload.eq(&b"x"[..]));
    diesel::insert_into(outbox::table).values(row).execute(c).await.unwrap();
    store::enqueue(c, "t", b"x").await.unwrap();
    let positions: Vec<i64> = outbox::table.order(outbox::position).select(outbox::position).load(c).await.unwrap();
    assert_eq!(positions, [far, far + 1]);
}

pub(crate) async fn an_append_only_table_refuses_update_and_delete(f: Fixture) {
    let f = f.migrated().await;
    let c = &mut *f.db.write().await.unwrap();
    insert(c, &account(1, "asha", 5)).await.unwrap();
    post(c, &posting(id(1), 1, "r1")).await.unwrap();
    let update =
        diesel::update(postings::table).set(postings::amount_paise.eq(Money::MAX)).execute(c).await.unwrap_err();
    assert!(is_append_only_violation(&update), "{update:?}");
    let delete = diesel::delete(postings::table).execute(c).await.unwrap_err();
    assert!(is_append_only_violation(&delete), "{delete:?}");
    assert!(c.batch_execute("DELETE FROM postings").await.is_err());
    for key in ["id, 'r9'", "X'09', reference"] {
        let replace = format!(
            "REPLACE INTO postings (id, reference, account_id, amount_paise) SELECT {key}, account_id, 7 FROM postings"
        );
        let refused = c.batch_execute(&replace).await.unwrap_err();
        assert!(is_append_only_violation(&refused) || is_unique_violation(&refused), "{refused:?}");
    }
    assert!(!post(c, &posting(id(1), 1, "r1")).await.unwrap(), "a repeated reference was inserted");
    post(c, &posting(id(1), 2, "r2")).await.unwrap();
    assert_eq!(posted(c, id(1)).await.unwrap(), (Some(Money::from_paise(3)), 2));
}

pub(crate) async fn the_ready_check_succeeds(f: Fixture) {
    f.db.ping().await.unwrap();
    let clone = f.db.clone();
    clone.ping().await.unwrap();
}

pub(crate) async fn insert_new_skips_the_rows_that_exist(f: Fixture) {
    let f = f.migrated().await;
    let c = &mut *f.db.write().await.unwrap();
    insert(c, &account(1, "asha", 5)).await.unwrap();
    let rows =
        |references: std::ops::Range<u32>| references.map(|n| posting(id(1), 1, &format!("r{n}"))).collect::<Vec<_>>();
    // Up to 64 rows are several statements, more than 500 too.
    for (added, new) in [(0..0, 0), (0..40, 40), (0..40, 0), (30..75, 35), (75..576, 501), (574..577, 1), (0..577, 0)] {
        assert_eq!(insert_new(c, postings::table, &rows(added.clone())).await.unwrap().len(), new, "{added:?}");
    }
    let twice = [posting(id(1), 1, "once"), posting(id(1), 2, "once")];
    assert_eq!(insert_new(c, postings::table, &twice).await.unwrap(), [&twice[0]]);
    assert_eq!(posted(c, id(1)).await.unwrap(), (Some(Money::from_paise(578)), 578));
    // Any other violation is an error, also after a row that exists.
    let dangling = [posting(id(1), 1, "r1"), posting(id(9), 1, "dangling")];
    assert!(insert_new(c, postings::table, &dangling).await.is_err());
}
