//! Typed handlers: parameters and result of a handler describe its operation.
//!
//! ```no_run
//! # use actix_web::web;
//! # use http_api::{Access, Created, Idempotent, Path, Problem, Routes, documented, operation};
//! # #[derive(Clone)] struct State { ctx: runtime::ctx::Ctx }
//! # #[derive(serde::Deserialize, schemars::JsonSchema)] struct CancelInput { reason: String }
//! # #[derive(serde::Serialize, schemars::JsonSchema)] struct BookingView { reason: String }
//! /// Cancels a booking.
//! #[operation]
//! async fn cancel(
//!     state: web::Data<State>,
//!     Path(id): Path<domain::BookingId>,
//!     request: Idempotent<CancelInput>,
//! ) -> Result<Created<BookingView>, Problem> {
//!     let (input, request) = request.read().await?;
//!     request.run(&state.ctx, async |_| Ok(BookingView { reason: input.reason.clone() })).await
//! }
//!
//! fn routes(state: State) -> Routes {
//!     Routes::new("booking").data(state).post("/bookings/{id}/cancel", Access::User, documented!(cancel))
//! }
//! ```

use crate::Caller;
use crate::operation::Doc;
use crate::{Page, Problem, Query, StaffPage};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, Responder, web};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use std::future::{Ready, ready};

/// Summary and description of an operation, from the doc comment of its handler. `#[operation]` implements it.
pub trait Documented {
    /// The first paragraph.
    const SUMMARY: &'static str;
    /// The other paragraphs; empty when there are none.
    const DESCRIPTION: &'static str;
}

/// A handler with its documentation. `documented!` makes it.
#[derive(Debug, Clone)]
pub struct Documentation<F> {
    pub(crate) handler: F,
    pub(crate) summary: &'static str,
    pub(crate) description: &'static str,
}

impl<F> Documentation<F> {
    /// Joins a handler with the documentation that `#[operation]` made of its doc comment.
    pub fn of<D: Documented>(handler: F) -> Self {
        Self { handler, summary: D::SUMMARY, description: D::DESCRIPTION }
    }
}

/// A handler that is marked with `#[operation]`, for a line of the route table.
#[macro_export]
macro_rules! documented {
    ($handler:path) => {
        $crate::Documentation::of::<$handler>($handler)
    };
}

/// A parameter of a handler, and what it adds to the documentation.
pub trait Parameter: FromRequest {
    /// Adds nothing unless implemented otherwise.
    #[must_use]
    fn describe(doc: Doc) -> Doc {
        doc
    }
}

/// All parameters of a handler.
pub trait Parameters: FromRequest {
    /// Adds what each parameter adds.
    #[must_use]
    fn describe(doc: Doc) -> Doc;
}

/// A response of a handler, and what it adds to the documentation.
pub trait Response: Responder {
    /// Adds the status and the type of the body.
    #[must_use]
    fn describe(doc: Doc) -> Doc;
}

impl<R: Response> Response for Result<R, Problem> {
    fn describe(doc: Doc) -> Doc {
        R::describe(doc)
    }
}

impl Parameter for Caller {}
impl Parameter for HttpRequest {}
impl Parameter for web::Payload {}
impl<T: 'static> Parameter for web::Data<T> {}

/// For a handler that decides itself when an error counts.
impl<P: Parameter<Error = Problem>> Parameter for Result<P, Problem> {
    fn describe(doc: Doc) -> Doc {
        P::describe(doc)
    }
}

impl Parameter for Page {
    fn describe(doc: Doc) -> Doc {
        doc.paged()
    }
}

impl Parameter for StaffPage {
    fn describe(doc: Doc) -> Doc {
        doc.paged_for_staff()
    }
}

impl<T: DeserializeOwned + JsonSchema> Parameter for Query<T> {
    fn describe(doc: Doc) -> Doc {
        doc.query::<T>()
    }
}

macro_rules! tuples {
    ($($($name:ident)*;)*) => {$(
        impl<$($name: Parameter + 'static),*> Parameters for ($($name,)*) {
            fn describe(doc: Doc) -> Doc {
                $(let doc = $name::describe(doc);)*
                doc
            }
        }
    )*};
}

tuples! {
    ;
    A;
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E F;
    A B C D E F G;
}

/// The variable parts of the path: an id, or a tuple of them. 404 for one that cannot be parsed, because it names nothing.
#[derive(Debug, Clone)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Path<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let parts = web::Path::<T>::from_request(request, payload).into_inner();
        ready(parts.map(|parts| Self(parts.into_inner())).map_err(|_| Problem::not_found()))
    }
}

impl<T: DeserializeOwned + JsonSchema> Parameter for Path<T> {
    fn describe(doc: Doc) -> Doc {
        doc.path::<T>()
    }
}
