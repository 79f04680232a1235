//! Round trips of column values.

use crate::fixture::Fixture;
use crate::store::{self, Mood, Specimen, accounts, id, outbox, specimens};
use db::{Count, Version};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Money, Timestamp};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn full() -> Specimen {
    let now = at("2026-11-22T18:45:10.123456Z");
    let later = at("2027-03-31T18:30:00Z");
    Specimen {
        id: id(1),
        maybe_id: Some(id(2)),
        amount_paise: Money::from_paise(i64::MIN),
        maybe_paise: Some(Money::MAX),
        state: Mood::Calm,
        maybe_state: Some(Mood::Cross),
        seen_at: now,
        maybe_at: Some(later),
        day: now.day(),
        maybe_day: Some(later.day()),
        month: now.month(),
        maybe_month: Some(later.month()),
        financial_year: now.financial_year(),
        maybe_financial_year: Some(later.financial_year()),
        story: "a story".to_owned(),
    }
}

fn sparse() -> Specimen {
    Specimen {
        id: id(2),
        maybe_id: None,
        amount_paise: Money::ZERO,
        maybe_paise: None,
        maybe_state: None,
        seen_at: at("2026-11-22T18:45:10Z"),
        maybe_at: None,
        maybe_day: None,
        maybe_month: None,
        maybe_financial_year: None,
        ..full()
    }
}

async fn save(c: &mut db::DbConnection, rows: &[Specimen]) {
    for row in rows {
        diesel::insert_into(specimens::table).values(row).execute(c).await.unwrap();
    }
}

pub(crate) async fn every_shared_type_survives_a_round_trip(f: Fixture) {
    let f = f.migrated().await;
    let c = &mut *f.db.write().await.unwrap();
    save(c, &[full(), sparse()]).await;
    let rows: Vec<Specimen> =
        specimens::table.order(specimens::id).select(Specimen::as_select()).load(c).await.unwrap();
    assert_eq!(rows, [full(), sparse()]);
}

pub(crate) async fn every_shared_type_can_be_filtered_by(f: Fixture) {
    let f = f.migrated().await;
    let c = &mut *f.db.write().await.unwrap();
    save(c, &[full(), sparse()]).await;
    let s = full();
    let found: Vec<store::RowId> = specimens::table
        .filter(specimens::id.eq(s.id))
        .filter(specimens::maybe_id.eq(s.maybe_id))
        .filter(specimens::amount_paise.eq(s.amount_paise))
        .filter(specimens::maybe_paise.eq(s.maybe_paise))
        .filter(specimens::state.eq(s.state))
        .filter(specimens::maybe_state.eq(s.maybe_state))
        .filter(specimens::seen_at.eq(s.seen_at))
        .filter(specimens::maybe_at.eq(s.maybe_at))
        .filter(specimens::day.eq(s.day))
        .filter(specimens::maybe_day.eq(s.maybe_day))
        .filter(specimens::month.eq(s.month))
        .filter(specimens::maybe_month.eq(s.maybe_month))
        .filter(specimens::financial_year.eq(s.financial_year))
        .filter(specimens::maybe_financial_year.eq(s.maybe_financial_year))
        .select(specimens::id)
        .load(c)
        .await
        .unwrap();
    assert_eq!(found, [s.id]);
    let among: Vec<store::RowId> = specimens::table
        .filter(specimens::day.eq_any([s.day]))
        .filter(specimens::seen_at.eq_any([s.seen_at]))
        .select(specimens::id)
        .load(c)
        .await
        .unwrap();
    assert_eq!(among, [s.id]);
}

pub(crate) async fn null_values_stay_null(f: Fixture) {
    let f = f.migrated().await;
    let c = &mut *f.db.write().await.unwrap();
    save(c, &[full(), sparse()]).await;
    let set = (specimens::maybe_at.eq(None::<Timestamp>), specimens::maybe_day.eq(None::<domain::Day>));
    diesel::update(specimens::table.find(id(1))).set(set).execute(c).await.unwrap();
    let without: Vec<store::RowId> = specimens::table
        .filter(specimens::maybe_at.is_null().and(specimens::maybe_day.is_null()))
        .order(specimens::id)
        .select(specimens::id)
        .load(c)
        .await
        .unwrap();
    assert_eq!(without, [id(1), id(2)]);
}

pub(crate) async fn a_megabyte_of_bytes_survives_a_round_trip(f: Fixture) {
    let f = f.migrated().await;
    let c = &mut *f.db.write().await.unwrap();
    for size in [0, 1, 65_535, 65_536, 1 << 20] {
        let payload: Vec<u8> = (0..=u8::MAX).cycle().take(size).collect();
        store::enqueue(c, "blob", &payload).await.unwrap();
        let found: Vec<u8> =
            outbox::table.order(outbox::position.desc()).select(outbox::payload).first(c).await.unwrap();
        assert!(found == payload, "{size} bytes");
    }
}

pub(crate) async fn instants_sort_by_time(f: Fixture) {
    let f = f.migrated().await;
    let c = &mut *f.db.write().await.unwrap();
    let times = [
        "2026-01-01T09:59:59.999999Z",
        "2026-01-01T10:00:00Z",
        "2026-01-01T10:00:00.000001Z",
        "2026-01-01T10:00:00.1Z",
    ];
    // Inserted out of order, with ids in another order.
    for (n, index) in [(1, 2), (2, 0), (3, 3), (4, 1)] {
        save(c, &[Specimen { id: id(n), seen_at: at(times[index]), ..full() }]).await;
    }
    let sorted: Vec<Timestamp> =
        specimens::table.order(specimens::seen_at).select(specimens::seen_at).load(c).await.unwrap();
    assert_eq!(sorted, times.map(at));
    let since: i64 = specimens::table.filter(specimens::seen_at.gt(at(times[1]))).count().get_result(c).await.unwrap();
    assert_eq!(since, 2);
    let newest: Option<Timestamp> =
        specimens::table.select(diesel::dsl::max(specimens::seen_at)).first(c).await.unwrap();
    assert_eq!(newest, Some(at(times[3])));
}

pub(crate) async fn text_beyond_the_basic_plane_survives(f: Fixture) {
    let f = f.migrated().await;
    let c = &mut *f.db.write().await.unwrap();
    let story = "₹ नमस्ते 🙂 'quoted' \\ \"twice\" \u{0}".repeat(2_000);
    save(c, &[Specimen { story: story.clone(), ..full() }]).await;
    let found: String = specimens::table.select(specimens::story).first(c).await.unwrap();
    assert_eq!(found, story);
}

pub(crate) async fn a_number_that_does_not_fit_its_type_is_an_error(f: Fixture) {
    let f = f.migrated().await;
    let c = &mut *f.db.write().await.unwrap();
    store::insert(c, &store::account(1, "asha", 5)).await.unwrap();
    for (stored, count, version) in [
        (0, Some(0), Some(0)),
        (7, Some(7), Some(7)),
        (-1, None, None),
        (i64::from(u32::MAX), Some(u32::MAX), Some(u64::from(u32::MAX))),
        (i64::from(u32::MAX) + 1, None, Some(u64::from(u32::MAX) + 1)),
        (i64::MAX, None, Some(i64::MAX.unsigned_abs())),
        (i64::MIN, None, None),
    ] {
        diesel::update(accounts::table.find(id(1))).set(accounts::version.eq(stored)).execute(c).await.unwrap();
        let found: QueryResult<Count> = accounts::table.select(accounts::version).first(c).await;
        assert_eq!(found.ok(), count.map(Count::new), "{stored}");
        let found: QueryResult<Version> = accounts::table.select(accounts::version).first(c).await;
        assert_eq!(found.ok(), version.map(Version::new), "{stored}");
    }
    let set = |version: Version| diesel::update(accounts::table.find(id(1))).set(accounts::version.eq(version));
    assert!(set(Version::new(u64::MAX)).execute(c).await.is_err());
    set(Version::new(9)).execute(c).await.unwrap();
    let among: Count = accounts::table.filter(accounts::version.eq(Count::new(9))).count().get_result(c).await.unwrap();
    assert_eq!(among.get(), 1);
}
