//! The query string, as a typed value: a parameter that cannot be read is a 422 that says so.

use super::Problem;
use actix_web::{FromRequest, HttpRequest, dev::Payload, web};
use serde::de::DeserializeOwned;
use std::future::{Ready, ready};

/// Filters of a list. Pages have an extractor of their own, [`super::Page`].
#[derive(Debug, Clone)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        // `?from=` is the same as leaving it out.
        let given: String = request
            .query_string()
            .split('&')
            .filter(|pair| !pair.is_empty() && !pair.ends_with('='))
            .collect::<Vec<_>>()
            .join("&");
        let read = web::Query::<T>::from_query(&given).map(|q| Self(q.into_inner()));
        ready(read.map_err(|e| Problem::unprocessable("request.bad_query", e.to_string())))
    }
}
