//! Outermost middleware: request id, client address, trace span, metrics and log line; turns every error response into
//! a problem document.

use super::Problem;
use super::problem::REQUEST_ID;
use crate::config::Setting;
use crate::id;
use crate::telemetry;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{StatusCode, header};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError, web};
use std::net::IpAddr;
use std::time::Instant;
use tracing::Instrument;

/// Proxies that are trusted to set `X-Forwarded-For`: `TRUSTED_PROXIES`, comma-separated addresses or CIDR blocks.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<(IpAddr, u8)>);

impl std::str::FromStr for TrustedProxies {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let block = |part: &str| {
            let (address, bits) = part.split_once('/').unwrap_or((part, ""));
            let address: IpAddr = address.parse().map_err(|_| format!("`{part}` is not an address or CIDR block"))?;
            let width = if address.is_ipv4() { 32 } else { 128 };
            let bits =
                if bits.is_empty() { width } else { bits.parse().map_err(|_| format!("`{part}`: bad prefix"))? };
            if bits > width { Err(format!("`{part}`: bad prefix")) } else { Ok((address, bits)) }
        };
        text.split(',').map(str::trim).filter(|p| !p.is_empty()).map(block).collect::<Result<_, _>>().map(Self)
    }
}

impl Setting for TrustedProxies {
    const ACCEPTED: &'static str = "addresses and blocks such as 10.0.0.0/8, separated by commas";
}

impl TrustedProxies {
    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|(block, bits)| match (block, address) {
            (IpAddr::V4(b), IpAddr::V4(a)) => {
                let shift = 32u32.saturating_sub(u32::from(*bits));
                u32::from(*b).checked_shr(shift).unwrap_or(0) == u32::from(a).checked_shr(shift).unwrap_or(0)
            }
            (IpAddr::V6(b), IpAddr::V6(a)) => {
                let shift = 128u32.saturating_sub(u32::from(*bits));
                u128::from(*b).checked_shr(shift).unwrap_or(0) == u128::from(a).checked_shr(shift).unwrap_or(0)
            }
            _ => false,
        })
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
#[derive(Clone)]
struct Origin {
    request_id: String,
    address: String,
}

/// The request id and the client's IP address.
pub fn request_origin(request: &HttpRequest) -> (String, String) {
    request.extensions().get::<Origin>().map(|o| (o.request_id.clone(), o.address.clone())).unwrap_or_default()
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
    let span = telemetry::request_span(request.headers(), &method, request.path(), &request_id);
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
    telemetry::request_done(&span, &method, &route, response.status().as_u16(), started.elapsed());
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
pub async fn route_not_found() -> Result<HttpResponse, Problem> {
    Err(Problem::not_found())
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
