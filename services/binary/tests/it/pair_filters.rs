//! Names in pairs, and filters by month and status.

use crate::fixture::{join, refund, start, start_day};
use domain::{Role, UserId};
use serde_json::{Value, json};
use testkit::{Client, TestService};

async fn numbers(client: &Client, query: &str) -> Vec<u64> {
    let list = client.get(&format!("/binary/pairs?limit=100{query}")).await.expect(200);
    list["items"].as_array().unwrap().iter().map(|pair| pair["number"].as_u64().unwrap()).collect()
}

/// A member with fifteen members in each leg: ten pairs in November, five in December. The second one returned has pairs
/// of November alone.
async fn two_months(s: &TestService) -> (UserId, UserId) {
    let (a, _) = join(s, "Asha Patel", None).await;
    let mut joined = Vec::new();
    for n in 0..30 {
        joined.push(join(s, &format!("M{n}"), Some(a)).await);
    }
    s.clock.set("2026-11-30T18:30:00Z".parse().unwrap());
    start_day(s, "2026-12-01").await;
    (a, joined[0].0)
}

#[tokio::test]
async fn a_pair_names_its_members() {
    let s = start().await;
    let (a, _) = join(&s, "Asha Patel", None).await;
    let (b, _) = join(&s, "Bina", Some(a)).await;
    let (c, _) = join(&s, "Chetan", Some(a)).await;
    for client in [s.as_user(a), s.as_staff()] {
        let pair = client.get("/binary/pairs").await.expect(200)["items"][0].clone();
        for (field, id_field, id, name) in [
            ("earner", "earner_id", a, "Asha Patel"),
            ("left", "left_user_id", b, "Bina"),
            ("right", "right_user_id", c, "Chetan"),
        ] {
            assert_eq!((&pair[field], &pair[id_field]), (&json!({ "user_id": id, "name": name }), &json!(id)));
        }
    }
    s.finish().await;
}

#[tokio::test]
async fn pairs_are_filtered_by_month_and_status() {
    let s = start().await;
    let (a, b) = two_months(&s).await;
    let own = s.as_user(a);
    assert_eq!(numbers(&own, "").await, (1..=15).rev().collect::<Vec<_>>());
    assert_eq!(numbers(&own, "&month=2026-12").await, (11..=15).rev().collect::<Vec<_>>());
    assert_eq!(numbers(&own, "&month=2026-11").await, (1..=10).rev().collect::<Vec<_>>());
    assert_eq!(numbers(&own, "&month=2026-11&status=matched").await.len(), 10);
    for nothing in ["&month=2026-10", "&month=2027-01", "&status=voided", "&month=2026-12&status=flushed"] {
        assert_eq!(numbers(&own, nothing).await, Vec::<u64>::new(), "{nothing}");
    }
    let staff = s.as_staff();
    let (all, of_b) = (numbers(&staff, "").await.len(), numbers(&staff, &format!("&user_id={b}")).await.len());
    assert!(of_b > 0 && all > 15 + of_b);
    let (november, december) = (numbers(&staff, "&month=2026-11").await.len(), numbers(&staff, "&month=2026-12").await);
    assert_eq!((november + december.len(), december), (all, vec![15, 14, 13, 12, 11]));
    assert_eq!(numbers(&staff, &format!("&user_id={a}&month=2026-12&status=matched")).await.len(), 5);
    // A pair of December stays of December when it is voided.
    let (_, paid) = join(&s, "Extra", Some(b)).await;
    refund(&s, &paid).await;
    let (e, _) = join(&s, "Earner", None).await;
    join(&s, "Left", Some(e)).await;
    let (_, paid) = join(&s, "Right", Some(e)).await;
    refund(&s, &paid).await;
    for (query, expected) in [
        ("&status=voided", true),
        ("&status=voided&month=2026-12", true),
        ("&status=voided&month=2026-11", false),
        ("&status=matched&month=2026-12", false),
    ] {
        let list = staff.get(&format!("/binary/pairs?limit=100{query}")).await.expect(200);
        let earners: Vec<&Value> = list["items"].as_array().unwrap().iter().map(|pair| &pair["earner_id"]).collect();
        assert_eq!(earners.contains(&&json!(e)), expected, "{query}");
    }
    for bad in ["month=2026-13", "month=2026", "month=x", "status=gone"] {
        assert_eq!(staff.get(&format!("/binary/pairs?{bad}")).await.problem(422), "request.bad_query", "{bad}");
    }
    s.finish().await;
}

#[tokio::test]
async fn filtered_pairs_are_paged_without_gaps() {
    let s = start().await;
    read_pages(&s).await;
    s.finish().await;
}

async fn read_pages(s: &TestService) {
    let (a, _) = two_months(s).await;
    let months = async |query: &str| {
        let page = s.as_user(a).get(&format!("/binary/earnings?{query}")).await.expect(200);
        let months: Vec<String> =
            page["items"].as_array().unwrap().iter().map(|m| m["month"].as_str().unwrap().to_owned()).collect();
        (months, page["next_cursor"].as_str().unwrap_or_default().to_owned())
    };
    for (order, expected) in [("desc", ["2026-12", "2026-11"]), ("asc", ["2026-11", "2026-12"])] {
        assert_eq!(months(&format!("order={order}")).await.0, expected);
        let (first, cursor) = months(&format!("order={order}&limit=1")).await;
        assert_eq!(
            (first, months(&format!("order={order}&cursor={cursor}")).await.0),
            ([expected[0].to_owned()].to_vec(), [expected[1].to_owned()].to_vec())
        );
    }
    for client in [s.as_user(a), s.as_role(a, Role::Staff)] {
        for query in ["&month=2026-11", "&status=matched", "&month=2026-11&status=matched", "&month=2026-12"] {
            let whole = numbers(&client, query).await;
            let oldest_first = numbers(&client, &format!("{query}&order=asc")).await;
            assert!(oldest_first.iter().eq(whole.iter().rev()), "{query}: {oldest_first:?}");
            for limit in [1, whole.len() - 1, whole.len(), whole.len() + 1] {
                let (mut parts, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
                loop {
                    let path = format!("/binary/pairs?limit={limit}{query}&cursor={cursor}");
                    let page = client.get(&path).await.expect(200);
                    let items = page["items"].as_array().unwrap();
                    parts.extend(items.iter().map(|pair| pair["number"].as_u64().unwrap()));
                    pages += 1;
                    let Some(next) = page["next_cursor"].as_str() else { break };
                    next.clone_into(&mut cursor);
                }
                assert_eq!((parts, pages), (whole.clone(), whole.len().div_ceil(limit)), "{query} {limit}");
            }
        }
    }
}

mod on_services {
    use super::*;
    use testkit::mariadb::with_database;

    #[tokio::test]
    async fn filtered_pairs_are_paged_without_gaps_on_mariadb() {
        with_database(async |url| {
            let s = TestService::start_with(binary::service(), &[("DATABASE_URL", &url)]).await;
            read_pages(&s).await;
            s.finish().await;
        })
        .await;
    }
}
