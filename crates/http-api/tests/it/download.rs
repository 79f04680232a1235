//! Streamed responses of long reads.

use actix_web::body::{MessageBody, to_bytes};
use actix_web::http::StatusCode;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpResponse, test, web};
use db::Db;
use http_api::Access;
use http_api::documented;
use http_api::{Download, FileTypes, Json, Path, Problem, Routes, download, long_read, middleware, operation};
use serde_json::{Value, json};
use std::cell::Cell;
use std::time::Duration;
use testkit::TempDatabase;

const PART: usize = 16 * 1024;

thread_local! {
    /// Parts sent by the downloads of one test, which has its own thread.
    static SENT: Cell<usize> = const { Cell::new(0) };
}

struct Text;

impl FileTypes for Text {
    const CONTENT_TYPES: &'static [&'static str] = &["text/plain"];
}

/// Send `count` parts, and then fail if `fails`.
#[operation]
async fn parts(Path((count, fails)): Path<(usize, bool)>) -> Result<Download<Text>, Problem> {
    let response = download("text/plain", "parts.txt", async move |out| {
        for _ in 0..count {
            out.send(vec![b'x'; PART]).await?;
            SENT.set(SENT.get() + 1);
        }
        if fails { Err(Problem::conflict("parts.failed", "as asked")) } else { Ok(()) }
    })
    .await?;
    Ok(Download::new(response))
}

/// Occupy a slot for a long read.
#[operation]
async fn busy(db: web::Data<Db>) -> Result<Json<Value>, Problem> {
    let _slot = long_read(&db, Duration::ZERO).await?;
    Ok(Json::new(json!({})))
}

fn routes(db: Db) -> Routes {
    Routes::new("parts").data(db).get("/parts/{count}/{fails}", Access::Public, documented!(parts)).get(
        "/busy",
        Access::Public,
        documented!(busy),
    )
}

async fn with_database(test: impl AsyncFnOnce(Db)) {
    let file = TempDatabase::new("download");
    test(Db::connect(&file.config()).await.unwrap()).await;
}

async fn get(db: Db, path: &str) -> HttpResponse {
    let routes = routes(db);
    let app = App::new().wrap(from_fn(middleware::request_context)).configure(|config| routes.configure(config));
    let app = test::init_service(app).await;
    let request = test::TestRequest::get().uri(&format!("/api/v1{path}")).to_request();
    test::call_service(&app, request).await.into_parts().1
}

#[actix_web::test]
async fn a_short_download_comes_whole_and_a_long_one_in_parts() {
    with_database(async |db| {
        for (count, whole) in [(0, true), (3, true), (4, false), (40, false)] {
            let answer = get(db.clone(), &format!("/parts/{count}/false")).await;
            assert_eq!(answer.status(), StatusCode::OK);
            assert_eq!(answer.headers().get("content-disposition").unwrap(), "attachment; filename=\"parts.txt\"");
            assert_eq!(answer.headers().get("cache-control").unwrap(), "private, no-store");
            let sized = matches!(answer.body().size(), actix_web::body::BodySize::Sized(_));
            assert_eq!(sized, whole, "{count}");
            let body = to_bytes(answer.into_body()).await.unwrap();
            assert_eq!(body.len(), count * PART);
        }
    })
    .await;
}

#[actix_web::test]
async fn no_more_is_produced_than_the_client_reads() {
    with_database(async |db| {
        let answer = get(db, "/parts/1000/false").await;
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
        // Four parts fill the first 64 KiB, two more are buffered, and one is being sent.
        assert!((4..=7).contains(&SENT.get()), "{}", SENT.get());
        drop(answer);
    })
    .await;
}

#[actix_web::test]
async fn an_early_failure_is_the_response_and_a_late_one_cuts_the_body_off() {
    with_database(async |db| {
        let early = get(db.clone(), "/parts/2/true").await;
        assert_eq!(early.status(), StatusCode::CONFLICT);
        let late = get(db, "/parts/8/true").await;
        assert_eq!(late.status(), StatusCode::OK);
        assert!(to_bytes(late.into_body()).await.is_err(), "the client sees that it is not all");
    })
    .await;
}

#[actix_web::test]
async fn without_a_free_slot_a_long_read_is_refused_with_retry_after() {
    with_database(async |db| {
        let slots = [db.long_read(Duration::ZERO).await.unwrap(), db.long_read(Duration::ZERO).await.unwrap()];
        let answer = get(db.clone(), "/busy").await;
        assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(answer.headers().get("retry-after").unwrap(), "5");
        let body = to_bytes(answer.into_body()).await.unwrap_or_default();
        assert!(String::from_utf8_lossy(&body).contains("request.busy"));
        drop(slots);
        assert_eq!(get(db, "/busy").await.status(), StatusCode::OK);
    })
    .await;
}
