//! Typed query string.

use crate::Problem;
use actix_web::{FromRequest, HttpRequest, dev::Payload, web};
use serde::de::DeserializeOwned;
use std::future::{Ready, ready};

/// Filters of a list. An extractor; 422 for an invalid parameter. For `limit` and `cursor` see [`crate::Page`].
#[derive(Debug, Clone)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> Query<T> {
    /// Reads a query string. 422 for an invalid parameter.
    pub(crate) fn parse(query: &str) -> Result<Self, Problem> {
        // An empty parameter counts as absent. A value may end with `=`, as base64 does.
        let given: String = query
            .split('&')
            .filter(|pair| !pair.is_empty() && pair.split_once('=').is_none_or(|(_, value)| !value.is_empty()))
            .collect::<Vec<_>>()
            .join("&");
        let read = web::Query::<T>::from_query(&given).map(|q| Self(q.into_inner()));
        read.map_err(|e| Problem::unprocessable("request.bad_query", e.to_string()))
    }
}

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::parse(request.query_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[derive(serde::Deserialize)]
    struct Filter {
        after: Option<String>,
        from: Option<String>,
    }

    #[test]
    fn a_value_that_ends_with_an_equals_sign_is_kept_and_an_empty_one_is_none() {
        for (uri, after, from) in [
            ("/?after=AAA=&from=", Some("AAA="), None),
            ("/?after==", Some("="), None),
            ("/?after=AAA%3D%3D&from=x", Some("AAA=="), Some("x")),
            ("/?&&after=", None, None),
        ] {
            let request = TestRequest::with_uri(uri).to_http_request();
            let read = Query::<Filter>::from_request(&request, &mut Payload::None).into_inner().expect(uri);
            assert_eq!((read.0.after.as_deref(), read.0.from.as_deref()), (after, from), "{uri}");
        }
    }
}
