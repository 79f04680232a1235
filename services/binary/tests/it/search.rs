//! Search of members by name and referral code.

use crate::fixture::{join_all, register, start, user};
use db::{DbConnection, DbError};
use diesel_async::RunQueryDsl;
use domain::UserId;
use proto_events::auth::v1::{User, UserUpdated};
use runtime::id;
use serde_json::{Value, json};
use testkit::{Client, TestService};

fn member(name: &str, code: &str, referrer: Option<UserId>) -> (UserId, User) {
    let id: UserId = id::fresh();
    (id, User { referral_code: code.to_owned(), ..user(id, name, referrer) })
}

async fn search(client: &Client, query: &str) -> Value {
    client.get(&format!("/binary/search?{query}")).await.expect(200)
}

/// Names that a search finds, in its order.
async fn found(client: &Client, query: &str) -> Vec<String> {
    let answer = search(client, query).await;
    answer["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_member_finds_their_own_part_of_the_tree_by_name_and_code() {
    let s = start().await;
    let (a, asha) = member("Asha Rao", "AAAA2345", None);
    let (b, bina) = member("Bina Rao", "BBBB2345", Some(a));
    let (c, chetan) = member("Chetan Raonair", "CCCC2345", Some(a));
    let (d, divya) = member("Divya", "RAO22345", Some(b));
    join_all(&s, &[asha, bina, chetan, divya]).await;
    register(&s, "Rao Unplaced", Some(b)).await;
    assert_eq!(found(&s.as_user(a), "q=rao").await, ["Asha Rao", "Bina Rao", "Chetan Raonair", "Divya"]);
    assert_eq!(found(&s.as_staff(), "q=rao").await, ["Asha Rao", "Bina Rao", "Chetan Raonair", "Divya"]);
    assert_eq!(found(&s.as_user(b), "q=RAO").await, ["Bina Rao", "Divya"]);
    assert_eq!(found(&s.as_user(c), "q=rao").await, ["Chetan Raonair"]);
    assert_eq!(found(&s.as_user(a), "q=rao%20bin").await, ["Bina Rao"]);
    assert_eq!(found(&s.as_user(a), "q=cccc2345").await, ["Chetan Raonair"]);
    for nothing in ["q=aora", "q=rao%20zed", "q=unplaced", "q=aaaa23456", "q=a%25"] {
        let expected: &[&str] = if nothing == "q=a%25" { &["Asha Rao"] } else { &[] };
        assert_eq!(found(&s.as_user(a), nothing).await, expected, "{nothing}");
    }
    let item = |answer: Value| answer["items"][0].clone();
    let divya = json!({
        "user_id": d, "name": "Divya", "code": "RAO22345", "depth": 3, "path": "LL", "sponsor_id": b
    });
    assert_eq!(item(search(&s.as_user(a), "q=divya").await), divya);
    assert_eq!(item(search(&s.as_user(b), "q=divya").await)["path"], "L");
    assert_eq!(item(search(&s.as_user(d), "q=divya").await)["path"], "");
    let of_staff = item(search(&s.as_staff(), "q=chetan").await);
    assert_eq!((of_staff["path"].as_str(), of_staff["depth"].as_u64()), (Some("LR"), Some(2)));
    s.finish().await;
}

#[tokio::test]
async fn a_search_needs_a_word_and_a_place_and_has_a_limit() {
    let s = start().await;
    let (a, asha) = member("Asha", "AAAA2345", None);
    let mut members = vec![asha];
    members.extend((0..20).map(|n| member(&format!("Ravi {n:02}"), "", Some(a)).1));
    join_all(&s, &members).await;
    let client = s.as_user(a);
    for (limit, shown, has_more) in [("1", 1, true), ("19", 19, true), ("20", 20, false), ("", 20, false)] {
        let answer = search(&client, &format!("q=ravi&limit={limit}")).await;
        assert_eq!(
            (answer["items"].as_array().unwrap().len(), &answer["has_more"]),
            (shown, &json!(has_more)),
            "{limit}"
        );
    }
    for limit in ["0", "21"] {
        let refused = client.get(&format!("/binary/search?q=ravi&limit={limit}")).await;
        assert_eq!(refused.problem(422), "request.bad_limit");
    }
    assert_eq!(client.get("/binary/search?q=ravi&limit=-1").await.problem(422), "request.bad_query");
    assert_eq!(client.get("/binary/search").await.problem(422), "request.bad_query");
    assert_eq!(client.get("/binary/search?q=%20-%25").await.problem(422), "binary.empty_search");
    let unplaced = register(&s, "U", Some(a)).await;
    assert_eq!(s.as_user(unplaced).get("/binary/search?q=u").await.problem(404), "binary.not_placed");
    assert_eq!(s.anonymous().get("/binary/search?q=u").await.status, 401);
    s.finish().await;
}

async fn words(c: &mut DbConnection) -> Vec<String> {
    use binary::schema::member_words::dsl::{member_words, word};
    use diesel::QueryDsl;
    member_words.select(word).order(word).load(c).await.unwrap()
}

#[tokio::test]
async fn words_follow_the_newest_name_and_members_without_words_get_them_from_a_job() {
    let s = start().await;
    index_words(&s).await;
    s.finish().await;
}

async fn index_words(s: &TestService) {
    let (a, asha) = member("Asha Rao", "AAAA2345", None);
    join_all(s, std::slice::from_ref(&asha)).await;
    let mut c = s.ctx().db().read().await.unwrap();
    assert_eq!(words(&mut c).await, ["aaaa2345", "asha", "rao"]);
    let renamed = User { version: 3, name: "Asha Patel".into(), ..asha.clone() };
    s.deliver_now(&UserUpdated { user: Some(renamed.clone()) }).await;
    // An older version that comes late, and the same name once more.
    s.deliver_now(&UserUpdated { user: Some(User { version: 2, name: "Late".into(), ..asha }) }).await;
    s.deliver_now(&UserUpdated { user: Some(User { version: 4, ..renamed.clone() }) }).await;
    assert_eq!(words(&mut c).await, ["aaaa2345", "asha", "patel"]);
    // As before the index existed.
    let remove_words = async |c: &mut DbConnection| {
        for statement in ["DELETE FROM member_words", "UPDATE members SET words_version = 0, referral_code = NULL"] {
            diesel::sql_query(statement).execute(c).await?;
        }
        Ok::<_, DbError>(())
    };
    s.ctx().db().tx(remove_words).await.unwrap();
    for _ in 0..2 {
        s.run_job("member-words").await;
        assert_eq!(words(&mut c).await, ["asha", "patel"]);
    }
    assert_eq!(search(&s.as_user(a), "q=asha").await["items"][0]["code"], Value::Null);
    s.deliver_now(&UserUpdated { user: Some(User { version: 5, ..renamed }) }).await;
    assert_eq!(found(&s.as_user(a), "q=aaaa").await, ["Asha Patel"]);
}

#[tokio::test]
async fn a_search_in_a_large_part_of_the_tree_reads_the_index() {
    let s = start().await;
    search_large_parts(&s).await;
    s.finish().await;
}

async fn search_large_parts(s: &TestService) {
    let (a, asha) = member("Asha", "AAAA2345", None);
    let (b, bina) = member("Bina", "BBBB2345", Some(a));
    let (z, zara) = member("Zara", "ZZZZ2345", Some(a));
    let mut members = vec![asha, bina, zara];
    // More members called Ravi than a page of words has, below B; half of them have the word twice.
    for n in 0..1_000 {
        let name = if n % 2 == 0 { format!("Ravi Kumar {n:04}") } else { format!("Ravi Ravindra {n:04}") };
        members.push(member(&name, "", Some(b)).1);
    }
    let (last, ravi) = member("Ravi Last", "LAST2345", Some(z));
    members.push(ravi);
    join_all(s, &members).await;
    for client in [s.as_user(a), s.as_user(b), s.as_staff()] {
        let answer = search(&client, "q=ravi").await;
        let ids: std::collections::BTreeSet<_> =
            answer["items"].as_array().unwrap().iter().map(|item| item["user_id"].to_string()).collect();
        assert_eq!((ids.len(), &answer["has_more"]), (20, &json!(true)));
    }
    // Both words have to match, and the member may be in a later page.
    for (client, path) in [(s.as_user(a), "RL"), (s.as_staff(), "LRL")] {
        for query in ["q=ravi%20last", "q=last", "q=zara%20zzzz", "q=ravi%20last2345"] {
            let answer = search(&client, query).await;
            let expected = if query.contains("zara") { &path[..path.len() - 1] } else { path };
            assert_eq!(answer["items"].as_array().unwrap().len(), 1, "{query}");
            assert_eq!((answer["items"][0]["path"].as_str(), &answer["has_more"]), (Some(expected), &json!(false)));
        }
    }
    // B is above more than a thousand, and does not find what is elsewhere.
    for query in ["q=last", "q=zara", "q=asha", "q=ravi%20last"] {
        let answer = search(&s.as_user(b), query).await;
        assert_eq!((&answer["items"], &answer["has_more"]), (&json!([]), &json!(false)), "{query}");
    }
    assert_eq!(search(&s.as_user(z), "q=ravi").await["items"][0]["user_id"], json!(last));
    assert_eq!(found(&s.as_user(b), "q=ravi%200998").await, ["Ravi Kumar 0998"]);
}

mod on_services {
    use super::*;
    use testkit::mariadb::with_database;

    async fn on_mariadb(test: impl AsyncFnOnce(&TestService)) {
        with_database(async |url| {
            let s = TestService::start_with(binary::service(), &[("DATABASE_URL", &url)]).await;
            test(&s).await;
            s.finish().await;
        })
        .await;
    }

    #[tokio::test]
    async fn words_follow_the_newest_name_on_mariadb() {
        on_mariadb(index_words).await;
    }

    #[tokio::test]
    async fn a_search_in_a_large_part_of_the_tree_reads_the_index_on_mariadb() {
        on_mariadb(search_large_parts).await;
    }
}
