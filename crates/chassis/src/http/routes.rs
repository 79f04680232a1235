//! The route table: one line a route says its method, path, who may call it and what it takes and gives.
//! The router, the guard, the OpenAPI document and the tests of every route × role are made from it.

use super::Problem;
use super::openapi::{Operation, Shape};
use crate::auth::{Access, Caller, Verifier};
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::{Next, from_fn};
use actix_web::{FromRequest, Handler, HttpMessage, Resource, Responder, Route, web};
use schemars::JsonSchema;
use std::sync::Arc;

type MakeRoute = Arc<dyn Fn() -> Route + Send + Sync>;
type AddData = Arc<dyn Fn(&mut web::ServiceConfig) + Send + Sync>;

/// The body a route takes.
#[derive(Clone, Copy)]
pub(crate) struct Taken {
    pub(crate) kind: &'static str,
    /// None for a file.
    pub(crate) shape: Option<Shape>,
    pub(crate) required: bool,
    /// Whether a field that the shape does not have is refused.
    pub(crate) is_strict: bool,
}

impl Taken {
    const fn json(shape: Shape) -> Self {
        Self { kind: "application/json", shape: Some(shape), required: true, is_strict: true }
    }
}

/// What the documentation says of a route.
#[derive(Clone, Default)]
pub struct Doc {
    pub(crate) summary: &'static str,
    pub(crate) body: Option<Taken>,
    pub(crate) query: Option<Shape>,
    pub(crate) answers: Vec<(u16, Option<Shape>)>,
    /// What kinds of file 200 may come as.
    pub(crate) files: Vec<&'static str>,
    pub(crate) paged: bool,
    pub(crate) idempotent: bool,
}

impl Doc {
    pub fn new(summary: &'static str) -> Self {
        Self { summary, ..Self::default() }
    }
    /// The JSON body it takes.
    #[must_use]
    pub fn takes<T: JsonSchema>(mut self) -> Self {
        self.body = Some(Taken::json(Shape::of::<T>()));
        self
    }
    /// The JSON body it takes, and does without.
    #[must_use]
    pub fn may_take<T: JsonSchema>(mut self) -> Self {
        self.body = Some(Taken { required: false, ..Taken::json(Shape::of::<T>()) });
        self
    }
    /// The JSON body that somebody else makes up, and of which only this matters.
    #[must_use]
    pub fn hears<T: JsonSchema>(mut self) -> Self {
        self.body = Some(Taken { is_strict: false, ..Taken::json(Shape::of::<T>()) });
        self
    }
    /// The form it takes, as multipart/form-data.
    #[must_use]
    pub fn takes_form<T: JsonSchema>(mut self) -> Self {
        let kind = "multipart/form-data";
        self.body = Some(Taken { kind, is_strict: false, ..Taken::json(Shape::of::<T>()) });
        self
    }
    /// The kind of file it takes as its body.
    #[must_use]
    pub fn takes_file(mut self, kind: &'static str) -> Self {
        self.body = Some(Taken { kind, shape: None, required: true, is_strict: false });
        self
    }
    /// The filters in its query string.
    #[must_use]
    pub fn filters<T: JsonSchema>(mut self) -> Self {
        self.query = Some(Shape::of::<T>());
        self
    }
    /// 200 with this body.
    #[must_use]
    pub fn gives<T: JsonSchema>(self) -> Self {
        self.answers_with::<T>(200)
    }
    /// 201 with this body.
    #[must_use]
    pub fn creates<T: JsonSchema>(self) -> Self {
        self.answers_with::<T>(201)
    }
    #[must_use]
    pub fn answers_with<T: JsonSchema>(mut self, status: u16) -> Self {
        self.answers.push((status, Some(Shape::of::<T>())));
        self
    }
    /// 200 with a file of one of these kinds, or the JSON it `gives` before.
    #[must_use]
    pub fn gives_file(mut self, kinds: impl IntoIterator<Item = &'static str>) -> Self {
        self.files = kinds.into_iter().collect();
        if !self.answers.iter().any(|(status, _)| *status == 200) {
            self.answers.push((200, None));
        }
        self
    }
    /// This status with no body: 204, an upgrade.
    #[must_use]
    pub fn answers_bare(mut self, status: u16) -> Self {
        self.answers.push((status, None));
        self
    }
    /// A list with `limit` and `cursor`.
    #[must_use]
    pub fn paged(mut self) -> Self {
        self.paged = true;
        self
    }
    /// Honours `Idempotency-Key`.
    #[must_use]
    pub fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }
}

/// One line of the table.
#[derive(Clone)]
pub struct Entry {
    pub method: Method,
    /// As actix matches it: `/api/v1/wallets/{user_id}`.
    pub path: String,
    pub access: Access,
    pub(crate) doc: Doc,
    make: MakeRoute,
}

/// The routes of one service.
#[derive(Clone)]
pub struct Routes {
    service: &'static str,
    entries: Vec<Entry>,
    data: Vec<AddData>,
}

/// Every path of the contract is under this.
pub const PREFIX: &str = "/api/v1";

macro_rules! methods {
    ($($name:ident = $method:ident),+) => {$(
        #[must_use]
        pub fn $name<F, Args>(self, path: &str, access: Access, handler: F, doc: Doc) -> Self
        where
            F: Handler<Args> + Send + Sync,
            Args: FromRequest + 'static,
            F::Output: Responder + 'static,
        {
            self.add(Method::$method, path, access, handler, doc)
        }
    )+};
}

impl Routes {
    pub fn new(service: &'static str) -> Self {
        Self { service, entries: Vec::new(), data: Vec::new() }
    }
    pub fn service(&self) -> &'static str {
        self.service
    }
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
    /// Makes `value` available to handlers as `web::Data<T>`. The type must be the service's own.
    #[must_use]
    pub fn data<T: Send + Sync + 'static>(mut self, value: T) -> Self {
        let data = web::Data::new(value);
        self.data.push(Arc::new(move |config| {
            config.app_data(data.clone());
        }));
        self
    }

    methods!(get = GET, post = POST, put = PUT, patch = PATCH, delete = DELETE);

    fn add<F, Args>(mut self, method: Method, path: &str, access: Access, handler: F, doc: Doc) -> Self
    where
        F: Handler<Args> + Send + Sync,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        // A path that starts with a dot is of the host, not of the API: `/.well-known/…`.
        let path = if path.starts_with("/.") { path.to_owned() } else { format!("{PREFIX}{path}") };
        let verb = method.clone();
        let make: MakeRoute = Arc::new(move || {
            let route = web::method(verb.clone()).to(handler.clone());
            if access == Access::Public {
                return route;
            }
            route.wrap(from_fn(move |request, next| guard(access, request, next)))
        });
        self.entries.push(Entry { method, path, access, doc, make });
        self
    }

    /// Puts the routes, the service's OpenAPI document and its data into an actix application.
    pub fn configure(&self, config: &mut web::ServiceConfig) {
        for add in &self.data {
            add(config);
        }
        let document = web::Bytes::from(self.openapi().to_string());
        let open_api =
            web::resource(format!("{PREFIX}/{}/openapi.json", self.service)).route(web::get().to(move || {
                let document = document.clone();
                async move { actix_web::HttpResponse::Ok().content_type("application/json").body(document) }
            }));
        config.service(open_api);
        let mut paths: Vec<&str> = Vec::new();
        for entry in &self.entries {
            if !paths.contains(&entry.path.as_str()) {
                paths.push(&entry.path);
            }
        }
        // Literal segments go before parameters, so that `/payouts/quote` is not taken for an id.
        paths.sort_by_key(|path| path.split('/').map(|s| s.starts_with('{')).collect::<Vec<_>>());
        for path in paths {
            config.service(self.resource(path));
        }
    }

    fn resource(&self, path: &str) -> Resource {
        let mut resource = web::resource(path.to_owned());
        let mut allow = Vec::new();
        for entry in self.entries.iter().filter(|e| e.path == path) {
            resource = resource.route((entry.make)());
            allow.push(entry.method.as_str().to_owned());
        }
        let allow = allow.join(", ");
        resource.default_service(web::to(move || {
            let problem = Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "request.method_not_allowed",
                format!("this path answers {allow}"),
            )
            .with_allow(&*allow);
            async move { Err::<actix_web::HttpResponse, _>(problem) }
        }))
    }

    /// The service's OpenAPI 3.1 document.
    pub fn openapi(&self) -> serde_json::Value {
        let operations =
            self.entries.iter().map(|e| Operation { method: &e.method, path: &e.path, access: e.access, doc: &e.doc });
        super::openapi::document(self.service, operations)
    }
}

/// Lets a request pass whose caller may call the route, and tells the handler who it is.
async fn guard(
    needed: Access,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse, actix_web::Error> {
    let caller = match identify(&request).await {
        Ok(caller) if needed.admits(caller.role) => caller,
        Ok(_) => return Ok(request.error_response(Problem::forbidden())),
        Err(problem) => return Ok(request.error_response(problem)),
    };
    request.extensions_mut().insert(caller);
    Ok(next.call(request).await?.map_into_boxed_body())
}

async fn identify(request: &ServiceRequest) -> Result<Caller, Problem> {
    let verifier = request
        .app_data::<web::Data<Verifier>>()
        .cloned()
        .ok_or_else(|| Problem::internal("no verifier is configured"))?;
    let token = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or_else(Problem::unauthorized)?;
    let claims = verifier.verify(token).await.map_err(Problem::from)?;
    let (request_id, address) = super::edge::origin(request.request());
    Ok(Caller {
        user_id: claims.sub,
        role: claims.role,
        referrer: claims.referrer,
        session_id: claims.sid,
        expires_at_secs: claims.exp,
        request_id,
        address,
    })
}
