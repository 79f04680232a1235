//! Calls of handlers on the thread of the request, and their problems as errors of a response.

use async_graphql::{Error, ErrorExtensions, Value as GraphValue};
use futures_util::future::LocalBoxFuture;
use http_api::Problem;
use tracing::Instrument;

/// Runs what a handler does on this thread, as for a route. The work ends with the query.
pub(crate) async fn run<T: 'static>(
    work: impl FnOnce() -> LocalBoxFuture<'static, Result<T, Problem>>,
) -> Result<T, Problem> {
    struct AbortOnDrop<T>(actix_web::rt::task::JoinHandle<T>);
    impl<T> Drop for AbortOnDrop<T> {
        fn drop(&mut self) {
            self.0.abort();
        }
    }
    let mut task = AbortOnDrop(actix_web::rt::spawn(work().instrument(tracing::Span::current())));
    (&mut task.0).await.map_err(Problem::internal)?
}

/// A problem as an error of the response. Its cause is logged, as that of a route.
pub(crate) fn problem_error(problem: &Problem, request_id: &str) -> Error {
    problem.log(request_id);
    let body = problem.body(request_id);
    Error::new(problem.detail.clone()).extend_with(|_, extensions| {
        for key in ["code", "status", "request_id", "errors"] {
            if let Some(value) = body.get(key).and_then(|value| GraphValue::from_json(value.clone()).ok()) {
                extensions.set(key, value);
            }
        }
        if let Some(secs) = problem.retry_after_secs() {
            extensions.set("retry_after", secs);
        }
    })
}
