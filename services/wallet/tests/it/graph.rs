//! Wallet's subgraph: statements of a list of members, and who sees whose balances.

use domain::{Role, UserId};
use runtime::id;
use serde_json::{Value, json};
use testkit::statements::reads_of;
use testkit::{Client, Statements, TestService};

/// Asks for members by their ids, as the router does for a list of them.
async fn ask(client: &Client, members: &[UserId]) -> Value {
    let users: Vec<Value> = members.iter().map(|id| json!({ "__typename": "User", "id": id })).collect();
    let query = "query($users: [_Any!]!) { _entities(representations: $users) { ... on User { id wallet {
        available lines(limit: 1) { items { id } } } } } }";
    let body = json!({ "query": query, "variables": { "users": users } });
    client.post("//graphql/subgraph", body).await.expect(200)
}

#[actix_web::test]
async fn the_wallets_of_a_list_of_members_are_read_at_once() {
    let service = TestService::start(wallet::service()).await;
    let members: Vec<UserId> = (0..10).map(|_| id::fresh()).collect();
    let admin = service.as_admin();
    for (n, member) in members.iter().enumerate().take(3) {
        let body = json!({ "amount": format!("{}.00", n + 1), "reason": "opening" });
        // A deposit needs a member.
        service
            .deliver(
                service.now(),
                &proto_events::auth::v1::UserRegistered {
                    user: Some(proto_events::auth::v1::User {
                        user_id: (*member).into(),
                        name: format!("Member {n}"),
                        ..Default::default()
                    }),
                },
            )
            .await;
        admin.post(&format!("/wallets/{member}/deposits"), body).await.expect(201);
    }
    let statements = Statements::record(&service);
    let answer = ask(&service.as_staff(), &members).await;
    assert_eq!(answer.get("errors"), None, "{answer}");
    let users = answer["data"]["_entities"].as_array().expect("users");
    let balances: Vec<&str> = users.iter().filter_map(|user| user["wallet"]["available"].as_str()).collect();
    assert_eq!(balances.iter().filter(|balance| **balance != "0.00").count(), 3, "{balances:?}");
    assert_eq!((balances.len(), balances[2]), (10, "3.00"), "in the order of the request");
    let executed = statements.drain();
    assert_eq!(reads_of(&executed, "wallets").len(), 1, "{executed:#?}");
    service.finish().await;
}

#[actix_web::test]
async fn a_member_sees_their_own_wallet_alone() {
    let service = TestService::start(wallet::service()).await;
    let (own, other): (UserId, UserId) = (id::fresh(), id::fresh());
    let answer = ask(&service.as_role(own, Role::User), &[own, other]).await;
    assert_eq!(answer["data"]["_entities"][0]["wallet"]["available"], "0.00", "{answer}");
    assert_eq!(answer["data"]["_entities"][1], json!({ "id": other, "wallet": null }));
    assert_eq!(answer["errors"][0]["extensions"]["code"], "request.not_found");
    service.finish().await;
}
