//! Route table of a service: method, path, access, handler and documentation of each operation. The router, the access
//! guard, the OpenAPI document and the tests of every route with every role are derived from it.

use crate::Problem;
use crate::handler::{Documentation, Parameters, Response};
use crate::middleware::request_origin;
use crate::operation::{Doc, Operation, PREFIX};
use crate::{Access, Authenticator, Caller};
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::{Next, from_fn};
use actix_web::{FromRequest, Handler, HttpMessage, Resource, Responder, Route, web};
use std::sync::Arc;

type MakeRoute = Arc<dyn Fn() -> Route + Send + Sync>;
type AddData = Arc<dyn Fn(&mut web::ServiceConfig) + Send + Sync>;

/// One route of the table.
#[derive(Clone)]
pub struct RouteEntry {
    pub method: Method,
    /// As a pattern of actix: `/api/v1/wallets/{user_id}`.
    pub path: String,
    pub access: Access,
    pub(crate) doc: Doc,
    make: MakeRoute,
}

/// The routes of one service.
#[derive(Clone)]
pub struct Routes {
    service: &'static str,
    entries: Vec<RouteEntry>,
    data: Vec<AddData>,
}

macro_rules! methods {
    ($($name:ident = $method:ident),+) => {$(
        /// Adds an operation for this method. A path that starts with `/.` is not prefixed with [`PREFIX`].
        #[must_use]
        pub fn $name<F, Args>(self, path: &str, access: Access, operation: Documentation<F>) -> Self
        where
            F: Handler<Args> + Send + Sync,
            Args: Parameters + 'static,
            F::Output: Response + 'static,
        {
            let Documentation { handler, summary, description } = operation;
            let doc = F::Output::describe(Args::describe(Doc::new(summary, description)));
            self.add(Method::$method, path, access, handler, doc)
        }
    )+};
}

impl Routes {
    /// No routes yet.
    pub fn new(service: &'static str) -> Self {
        Self { service, entries: Vec::new(), data: Vec::new() }
    }
    /// The name of the service.
    pub fn service(&self) -> &'static str {
        self.service
    }
    /// The routes in the order in which they were added.
    pub fn entries(&self) -> &[RouteEntry] {
        &self.entries
    }
    /// Makes `value` available to handlers as `web::Data<T>`. The type must be one of the service, because services of
    /// one process share a server.
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
        let path = if path.starts_with("/.") { path.to_owned() } else { format!("{PREFIX}{path}") };
        let verb = method.clone();
        let make: MakeRoute = Arc::new(move || {
            let route = web::method(verb.clone()).to(handler.clone());
            if access == Access::Public { route } else { guarded(route, access) }
        });
        self.entries.push(RouteEntry { method, path, access, doc, make });
        self
    }

    /// Adds the routes, the service's OpenAPI document and its data to an actix application.
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
        // Literal segments go before parameters, so that `quote` in `/payouts/quote` does not match as an id.
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
        crate::openapi::document(self.service, operations)
    }
}

/// A route that refuses a request with 401 or 403 unless its caller has this access.
pub fn guarded(route: Route, access: Access) -> Route {
    route.wrap(from_fn(move |request, next| guard(access, request, next)))
}

/// Refuses a request with 401 or 403 unless its caller may call the route. Passes the [`Caller`] to the handler.
async fn guard(
    required: Access,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse, actix_web::Error> {
    let caller = match authenticate(&request).await {
        Ok(caller) if required.admits(caller.role) => caller,
        Ok(_) => return Ok(request.error_response(Problem::forbidden())),
        Err(problem) => return Ok(request.error_response(problem)),
    };
    request.extensions_mut().insert(caller);
    Ok(next.call(request).await?.map_into_boxed_body())
}

async fn authenticate(request: &ServiceRequest) -> Result<Caller, Problem> {
    let authenticator = request
        .app_data::<web::Data<dyn Authenticator>>()
        .cloned()
        .ok_or_else(|| Problem::internal("no authenticator is configured"))?;
    let token = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or_else(Problem::unauthorized)?;
    authenticator.authenticate(token, request_origin(request.request())).await
}
