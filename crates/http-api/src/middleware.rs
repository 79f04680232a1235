//! Outermost middleware: request id, client address, trace span, metrics and log line; turns every error response into
//! a problem document.

use crate::Problem;
use crate::problem::REQUEST_ID;
use crate::request_trace;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{StatusCode, header};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError, web};
use ipnet::IpNet;
use runtime::config::Setting;
use runtime::id;
use std::future::{Ready, ready};
use std::net::IpAddr;
use std::time::Instant;
use tracing::Instrument;

/// Proxies that are trusted to set `X-Forwarded-For`: `TRUSTED_PROXIES`, comma-separated addresses or CIDR blocks.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl std::str::FromStr for TrustedProxies {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let block = |part: &str| {
            let (address, bits) = part.split_once('/').unwrap_or((part, ""));
            let address: IpAddr = address.parse().map_err(|_| format!("`{part}` is not an address or CIDR block"))?;
            if bits.is_empty() {
                return Ok(IpNet::from(address));
            }
            let bits = bits.parse().ok().and_then(|bits| IpNet::new(address, bits).ok());
            bits.ok_or_else(|| format!("`{part}`: bad prefix"))
        };
        text.split(',').map(str::trim).filter(|p| !p.is_empty()).map(block).collect::<Result<_, _>>().map(Self)
    }
}

impl Setting for TrustedProxies {
    const ACCEPTED: &'static str = "addresses and blocks such as 10.0.0.0/8, separated by commas";
}

impl TrustedProxies {
    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|block| block.contains(&address))
    }
    /// The client: the nearest hop that is not a trusted proxy.
    fn client(&self, peer: Option<IpAddr>, forwarded: &[IpAddr]) -> Option<IpAddr> {
        let mut client = peer?;
        for hop in forwarded.iter().rev() {
            if !self.trusts(client) {
                break;
            }
            client = *hop;
        }
        Some(client)
    }
}

/// Request id and client address, stored in the extensions of the request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    pub request_id: String,
    /// The client's IP address; forwarded addresses count only from trusted proxies.
    pub address: String,
}

/// The origin of a request; empty outside [`request_context`].
pub fn request_origin(request: &HttpRequest) -> Origin {
    request.extensions().get::<Origin>().cloned().unwrap_or_default()
}

fn read_origin(request: &ServiceRequest) -> Origin {
    let headers = request.headers();
    let given = headers.get("X-Request-Id").and_then(|v| v.to_str().ok()).filter(|v| {
        (1..=128).contains(&v.len()) && v.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b))
    });
    let request_id = given.map_or_else(|| id::fresh::<uuid::Uuid>().to_string(), str::to_owned);
    let forwarded: Vec<IpAddr> = headers
        .get_all("X-Forwarded-For")
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(','))
        .filter_map(|v| v.trim().parse().ok())
        .collect();
    let proxies = request.app_data::<web::Data<TrustedProxies>>();
    let peer = request.peer_addr().map(|a| a.ip());
    let client = proxies.and_then(|p| p.client(peer, &forwarded)).or(peer);
    Origin { request_id, address: client.map(|a| a.to_string()).unwrap_or_default() }
}

/// The outermost middleware of every server. Accepts an `X-Request-Id` of 1 to 128 letters, digits and `-_.:`, else
/// generates one.
pub async fn request_context(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let origin = read_origin(&request);
    let request_id = origin.request_id.clone();
    let method = request.method().to_string();
    let span = request_trace::request_span(request.headers(), &method, request.path(), &request_id);
    request.extensions_mut().insert(origin);
    let started = Instant::now();
    let response: Result<_, actix_web::Error> = REQUEST_ID
        .scope(request_id.clone(), async { Ok(with_problem_body(next.call(request).await?.map_into_boxed_body())) })
        .instrument(span.clone())
        .await;
    // Errors of handlers and of the access guard are responses already.
    let mut response: ServiceResponse<BoxBody> = response?;
    if let Ok(value) = header::HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(header::HeaderName::from_static("x-request-id"), value);
    }
    let route = response.request().match_pattern().unwrap_or_else(|| "unmatched".into());
    request_trace::request_done(&span, &method, &route, response.status().as_u16(), started.elapsed());
    Ok(response)
}

/// Replaces the body of an error of actix with a problem document.
fn with_problem_body(response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) || is_problem(response.headers()) {
        return response;
    }
    let (request, response) = response.into_parts();
    let detail = response.error().map(ToString::to_string).unwrap_or_default();
    ServiceResponse::new(request, problem_of(status, &detail).error_response())
}

fn is_problem(headers: &header::HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|v| v.as_bytes().starts_with(b"application/problem+json"))
}

fn problem_of(status: StatusCode, detail: &str) -> Problem {
    match status {
        StatusCode::NOT_FOUND => Problem::not_found(),
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(status, "request.too_large", "the body is too large"),
        s if s.is_server_error() => Problem::internal(detail.to_owned()),
        s => Problem::new(s, "request.refused", if detail.is_empty() { "the request was refused" } else { detail }),
    }
}

/// Responds with 404 to a path without a route.
pub fn route_not_found() -> Ready<Result<HttpResponse, Problem>> {
    ready(Err(Problem::not_found()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forwarded_address_counts_only_from_a_trusted_proxy() {
        let ip = |s: &str| s.parse::<IpAddr>().expect(s);
        let proxies: TrustedProxies = "10.0.0.0/8, ::1".parse().expect("blocks");
        let hops = [ip("1.1.1.1"), ip("2.2.2.2"), ip("10.9.9.9")];
        assert_eq!(proxies.client(Some(ip("10.1.2.3")), &hops), Some(ip("2.2.2.2")));
        assert_eq!(proxies.client(Some(ip("11.1.2.3")), &hops), Some(ip("11.1.2.3")));
        assert_eq!(TrustedProxies::default().client(Some(ip("10.1.2.3")), &hops), Some(ip("10.1.2.3")));
        for bad in ["10.0.0.0/33", "x", "1.2.3.4/"] {
            assert_eq!(bad.parse::<TrustedProxies>().is_ok(), bad.ends_with('/'), "{bad}");
        }
    }
}
