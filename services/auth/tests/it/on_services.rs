//! Concurrency tests on MariaDB, with its row locks, and on Redis.
//!
//! `TEST_MYSQL_URL` names a server on which the user can create databases, `TEST_REDIS_URL` a Redis server.

use crate::erasure::erasure_removes_personal_data;
use crate::fixture::{KEYS, admin, client, member, request_code, sign_in, sign_in_with, text, wrong_code};
use crate::kyc::submit_application;
use futures_util::future::join_all;
use proto_events::auth::v1::KycDecided;
use serde_json::json;
use testkit::TestService;
use testkit::mariadb::with_database;

/// Runs `test` with a MariaDB database of its own.
async fn on_mariadb(test: impl AsyncFnOnce(&TestService)) {
    with_database(async |url| {
        let variables: Vec<_> = KEYS.into_iter().chain([("DATABASE_URL", url.as_str())]).collect();
        let service = TestService::start_with(auth::service(), &variables).await;
        test(&service).await;
        service.finish().await;
    })
    .await;
}

/// Runs `test` with a cache in Redis, in a namespace of its own and with the real clock.
async fn on_redis(test: impl AsyncFnOnce(&TestService)) {
    let url = runtime::Env::from_process().required("TEST_REDIS_URL").unwrap().to_owned();
    let namespace = format!("test-{}", runtime::id::fresh::<uuid::Uuid>());
    let cache = runtime::cache::connect(&url, &namespace, None).unwrap();
    let service = crate::fixture::start_on(|platform| platform.cache = cache).await;
    test(&service).await;
    service.finish().await;
}

fn sorted_statuses(replies: Vec<testkit::Reply>) -> Vec<u16> {
    let mut outcomes: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    outcomes.sort_unstable();
    outcomes
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_requests_use_a_code_once_and_send_it_once() {
    on_mariadb(async |service| {
        let code = request_code(service, "asha@example.com").await;
        let body = json!({ "identifier": "asha@example.com", "code": code });
        let attempts = (0..10).map(|_| {
            let (client, body) = (service.anonymous(), body.clone());
            async move { client.post("/auth/otp/verify", body).await }
        });
        let outcomes = sorted_statuses(join_all(attempts).await);
        assert_eq!((outcomes[0], &outcomes[1..]), (200, &[401_u16; 9][..]));
        let requests = (0..8).map(|_| {
            let body = json!({ "identifier": "new@example.com", "channel": "email" });
            let client = service.anonymous();
            async move { client.post("/auth/otp", body).await }
        });
        let outcomes = sorted_statuses(join_all(requests).await);
        assert_eq!((outcomes[0], &outcomes[1..]), (202, &[429_u16; 7][..]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pan_is_approved_once_and_a_refresh_token_is_valid_once() {
    on_mariadb(async |service| {
        let (admin, _) = admin(service).await;
        let mut paths = Vec::new();
        for email in ["a@example.com", "b@example.com", "c@example.com"] {
            paths.push(submit_application(service, email, "ABCDE1234F").await.1);
        }
        let approvals = paths.iter().map(|path| {
            let (admin, path) = (admin.clone(), format!("{path}/approve"));
            async move { admin.post_empty(&path).await }
        });
        assert_eq!(sorted_statuses(join_all(approvals).await), [200, 409, 409]);
        let tokens = sign_in(service, "dev@example.com").await;
        let refreshes = (0..6).map(|_| {
            let (client, body) = (service.anonymous(), json!({ "refresh_token": tokens["refresh_token"] }));
            async move { client.post("/auth/refresh", body).await }
        });
        let outcomes = sorted_statuses(join_all(refreshes).await);
        assert_eq!((outcomes[0], &outcomes[1..]), (200, &[401_u16; 5][..]));
        assert_eq!(client(service, &tokens).get("/users/me").await.status, 401);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_decisions_with_one_key_publish_once_and_staff_read_them() {
    on_mariadb(async |service| {
        let (admin, _) = admin(service).await;
        let (me, path) = submit_application(service, "asha@example.com", "ABCDE1234F").await;
        let reject = format!("{path}/reject");
        let decisions = (0..6).map(|_| admin.post_with_key(&reject, "one", json!({ "reason": "blurred" })));
        let outcomes = sorted_statuses(join_all(decisions).await);
        assert!(outcomes[0] == 200 && outcomes.iter().all(|status| [200, 409].contains(status)), "{outcomes:?}");
        assert_eq!(service.published::<KycDecided>().await.len(), 1);
        me.patch("/users/me", json!({ "date_of_birth": "1990-05-17", "locale": "hi" })).await.expect(200);
        submit_application(service, "ravi@example.com", "ABCDE1234G").await;
        let listed = admin.get("/kyc").await.expect(200);
        let born: Vec<_> =
            listed["items"].as_array().unwrap().iter().map(|i| &i["applicant"]["date_of_birth"]).collect();
        assert_eq!(born, [&json!(null), &json!("1990-05-17")]);
        assert_eq!(admin.get("/kyc/queue-counts").await.expect(200)["items"][0]["count"], 1);
        let id = text(&me.get("/users/me").await.expect(200), "id");
        assert_eq!(admin.get(&format!("/users/names?ids={id}")).await.expect(200)["items"][0]["id"], json!(id));
        let unplaced = admin.get("/users?placed=false&active_buyer=false&role=user").await.expect(200);
        assert_eq!(unplaced["items"].as_array().unwrap().len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_administrators_cannot_demote_each_other() {
    on_mariadb(async |service| {
        let (admin, admin_id) = admin(service).await;
        let body = json!({ "email": "second@example.com", "name": "Second", "role": "admin" });
        admin.post("/users", body).await.expect(201);
        let (second, second_id) = member(service, "second@example.com").await;
        let demote = json!({ "role": "user" });
        let (one, other) = (format!("/users/{second_id}"), format!("/users/{admin_id}"));
        let both = join_all([admin.patch(&one, demote.clone()), second.patch(&other, demote)]).await;
        let outcomes = sorted_statuses(both);
        assert!(outcomes == [200, 401] || outcomes == [200, 403], "{outcomes:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_users_register_with_one_referral_code_at_once() {
    on_mariadb(async |service| {
        let referrer = sign_in(service, "asha@example.com").await;
        let code = text(&referrer, "user.referral_code");
        let sign_ins = (0..12).map(|n| {
            let code = code.clone();
            async move {
                let identifier = format!("n{n}@example.com");
                sign_in_with(service, &identifier, json!({ "referral_code": code, "name": format!("Ñ {n}") })).await
            }
        });
        join_all(sign_ins).await;
        let mine = client(service, &referrer).get("/users/me/referrals?limit=100").await.expect(200);
        assert_eq!(mine["items"].as_array().unwrap().len(), 12);
        let found = service.as_staff().get("/users?q=%C3%B1%201").await.expect(200);
        assert_eq!(found["items"].as_array().unwrap().len(), 3, "1, 10 and 11");
        assert_eq!(service.as_staff().get("/users?q=e_ample").await.expect(200)["items"], json!([]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_redis_a_code_is_used_once_and_allows_five_attempts() {
    on_redis(async |service| {
        let verify = |identifier: &'static str, code: String| {
            let (client, body) = (service.anonymous(), json!({ "identifier": identifier, "code": code }));
            async move { client.post("/auth/otp/verify", body).await }
        };
        let code = request_code(service, "asha@example.com").await;
        let again = json!({ "identifier": "Asha@example.com", "channel": "email" });
        assert_eq!(service.anonymous().post("/auth/otp", again).await.problem(429), "auth.otp_too_soon");
        let outcomes = sorted_statuses(join_all((0..10).map(|_| verify("asha@example.com", code.clone()))).await);
        assert_eq!((outcomes[0], &outcomes[1..]), (200, &[401_u16; 9][..]));
        let code = request_code(service, "ravi@example.com").await;
        let wrong = wrong_code(&code);
        assert_eq!(
            sorted_statuses(join_all((0..20).map(|_| verify("ravi@example.com", wrong.clone()))).await),
            [401; 20]
        );
        assert_eq!(verify("ravi@example.com", code).await.problem(401), "auth.otp_invalid");
        let code = request_code(service, "dev@example.com").await;
        let unknown = json!({ "identifier": "dev@example.com", "code": code, "referral_code": "ABCD2345" });
        service.anonymous().post("/auth/otp/verify", unknown).await.problem(422);
        verify("dev@example.com", code).await.expect(200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_parallel_applications_to_become_a_distributor_one_is_stored() {
    on_mariadb(crate::distributors::parallel_applications).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_receipts_of_an_sms_leave_the_last_state() {
    with_database(async |url| {
        let service = crate::sms_receipts::start_on(&[("DATABASE_URL", url.as_str())]).await;
        crate::sms_receipts::parallel_receipts(&service).await;
        service.finish().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_removes_personal_data_on_services() {
    on_mariadb(erasure_removes_personal_data).await;
}
