//! The web console: its document at every address of a page, and its files.

use actix_web::http::header::Header as _;
use actix_web::http::header::{self, AcceptEncoding, Encoding, EntityTag, HeaderValue, IfNoneMatch};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, guard, web};
use chassis::boot::server::read_only_resource;
use console::{Asset, DOCUMENT, IMMUTABLE, PUSH_WORKER, SECURITY_HEADERS};
use http_api::Problem;

/// Adds the routes of the console. They come last: the pages are all addresses that nothing else has.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    let is_page = guard::fn_guard(|request| console::is_page(request.head().uri.path()));
    config
        .service(read_only_resource("/assets/{file:.*}", file))
        .service(read_only_resource(PUSH_WORKER.path, push_worker))
        .service(read_only_resource("/payments/return", document).route(web::post().to(open_by_get)))
        .service(read_only_resource("/{page:.*}", document).guard(is_page));
}

async fn file(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let asset = console::find(request.path()).ok_or_else(Problem::not_found)?;
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, IMMUTABLE));
    Ok(with_content(response, &request, asset))
}

/// The service worker of web push. Browsers look for a newer one from time to time.
async fn push_worker(request: HttpRequest) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, "no-cache"));
    with_content(response, &request, &PUSH_WORKER)
}

/// The document. It names the version of the files, so browsers ask for it at each visit.
async fn document(request: HttpRequest) -> HttpResponse {
    let tag = EntityTag::new_strong(console::VERSION.to_owned());
    let is_known = match IfNoneMatch::parse(&request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(known)) => known.iter().any(|one| one.weak_eq(&tag)),
        Err(_) => false,
    };
    let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((header::CACHE_CONTROL, "no-cache")).insert_header(header::ETag(tag));
    if is_known { with_security(&mut response).finish() } else { with_content(response, &request, &DOCUMENT) }
}

/// A payment gateway may send the payer back by a form. Its webhook says what happened; the page is opened by GET.
async fn open_by_get(request: HttpRequest) -> HttpResponse {
    let address = request.uri().path_and_query().map_or("/payments/return", |address| address.as_str());
    with_security(&mut HttpResponse::SeeOther()).insert_header((header::LOCATION, address)).finish()
}

fn with_content(mut response: HttpResponseBuilder, request: &HttpRequest, asset: &'static Asset) -> HttpResponse {
    with_security(&mut response)
        .insert_header((header::CONTENT_TYPE, asset.content_type))
        .insert_header((header::VARY, "Accept-Encoding"));
    if accepts_gzip(request) {
        response.insert_header((header::CONTENT_ENCODING, HeaderValue::from_static("gzip"))).body(asset.gzip)
    } else {
        response.body(asset.content)
    }
}

pub(crate) fn with_security(response: &mut HttpResponseBuilder) -> &mut HttpResponseBuilder {
    for pair in SECURITY_HEADERS {
        response.insert_header(pair);
    }
    response
}

/// A request without `Accept-Encoding` gets the content as it is.
fn accepts_gzip(request: &HttpRequest) -> bool {
    let supported = [Encoding::gzip(), Encoding::identity()];
    request.headers().contains_key(header::ACCEPT_ENCODING)
        && AcceptEncoding::parse(request)
            .is_ok_and(|accepted| accepted.negotiate(supported.iter()) == Some(Encoding::gzip()))
}
