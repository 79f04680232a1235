//! Routes of the platform with their required access (`routes.txt`), and the gateway's map from paths to services. Both
//! are derived from the OpenAPI documents; [`crate::roles`] calls every route of the list with every role.

use crate::derived::assert_derived;
use crate::platform::TestPlatform;
use http_api::Access;
use std::collections::{BTreeMap, BTreeSet};

const LIST: &str = "crates/ev/tests/system/routes.txt";
const GATEWAY_MAP: &str = "deploy/nginx/routes.map";

/// One line of the list. Ordered like the list: by service, path and method.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Route {
    pub(crate) service: String,
    /// From the root, with parameters in braces.
    pub(crate) path: String,
    pub(crate) method: String,
    /// A word of [`ACCESS`].
    access: String,
}

/// Words of the list, and the last sentence of an operation's description.
const ACCESS: [(&str, Access, &str); 4] = [
    ("public", Access::Public, "Public."),
    ("user", Access::User, "Any signed-in person."),
    ("staff", Access::Staff, "Staff and administrators."),
    ("admin", Access::Admin, "Administrators."),
];

impl Route {
    pub(crate) fn access(&self) -> Access {
        ACCESS.iter().find(|(word, ..)| *word == self.access).expect("a word for access").1
    }
    fn parse(line: &str) -> Self {
        let words: Vec<&str> = line.split(' ').collect();
        let [service, method, path, access] = words[..] else { panic!("{LIST}: {line}") };
        let [service, path, method, access] = [service, path, method, access].map(str::to_owned);
        Self { service, path, method, access }
    }
    fn line(&self) -> String {
        format!("{} {} {} {}\n", self.service, self.method, self.path, self.access)
    }
    /// First segment below `/api/v1`; `None` for a path outside it.
    fn segment(&self) -> Option<&str> {
        self.path.strip_prefix("/api/v1/")?.split('/').next()
    }
}

/// The stored list.
pub(crate) fn listed() -> BTreeSet<Route> {
    include_str!("routes.txt").lines().map(Route::parse).collect()
}

/// The operations in the documents that the services serve.
pub(crate) async fn served(platform: &TestPlatform) -> BTreeSet<Route> {
    let mut served = BTreeSet::new();
    for service in ev::services() {
        let document = platform.anonymous().get(&format!("/{}/openapi.json", service.name)).await.expect(200);
        for (path, operations) in document["paths"].as_object().expect("paths") {
            for (method, operation) in operations.as_object().expect("operations") {
                let description = operation["description"].as_str().expect("a description");
                let ends = |(_, _, sentence): &&(_, _, &str)| description.lines().last() == Some(*sentence);
                let (access, ..) = ACCESS.iter().find(ends).expect("an access at the end of the description");
                served.insert(Route {
                    service: service.name.to_owned(),
                    path: path.clone(),
                    method: method.to_uppercase(),
                    access: (*access).to_owned(),
                });
            }
        }
    }
    served
}

/// The gateway's map: a line for every first segment. A segment of two services belongs to the one with more routes
/// there, and the paths of the other are listed before it.
fn gateway_map(routes: &BTreeSet<Route>) -> String {
    let mut counts: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for route in routes {
        // The address of the service's document.
        counts.entry(&route.service).or_default().entry(&route.service).or_default();
        if let Some(segment) = route.segment() {
            *counts.entry(segment).or_default().entry(&route.service).or_default() += 1;
        }
    }
    // Where several services have equally many routes, each path is listed.
    let owner = |services: &BTreeMap<&str, usize>| {
        let most = services.values().max().copied();
        let owners: Vec<String> =
            services.iter().filter(|(_, n)| Some(**n) == most).map(|(name, _)| (*name).to_owned()).collect();
        if let [only] = &owners[..] { Some(only.clone()) } else { None }
    };
    let owners: BTreeMap<&str, String> =
        counts.iter().filter_map(|(segment, services)| Some((*segment, owner(services)?))).collect();
    let foreign = |route: &&Route| route.segment().is_some_and(|segment| owners.get(segment) != Some(&route.service));
    let exceptions: BTreeSet<String> =
        routes.iter().filter(foreign).map(|r| pattern(&r.path, "$", &r.service)).collect();
    let segments = owners.iter().map(|(segment, owner)| pattern(&format!("/api/v1/{segment}"), "(/|$)", owner));
    let head = "# Derived from the routes of the services: EV_UPDATE=1 cargo test -p ev derived.\n".to_owned();
    head + &exceptions.into_iter().chain(segments).collect::<String>()
}

fn pattern(path: &str, end: &str, service: &str) -> String {
    // A parameter may follow fixed letters.
    let segment = |s: &str| s.split_once('{').map_or_else(|| s.to_owned(), |(letters, _)| format!("{letters}[^/]+"));
    let segments: Vec<String> = path.split('/').map(segment).collect();
    format!("\"~^{}{end}\" {service};\n", segments.join("/"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_derived_list_and_map_name_every_route() {
    let platform = TestPlatform::embedded().await;
    let served = served(&platform).await;
    platform.finish().await;
    assert_derived(LIST, &served.iter().map(Route::line).collect::<String>());
    assert_derived(GATEWAY_MAP, &gateway_map(&served));
}

#[test]
fn a_path_of_another_service_is_listed_before_the_segment() {
    let lines =
        ["a GET /api/v1/x/{id} user", "a GET /api/v1/x staff", "b GET /api/v1/x/{id}/y user", "a GET /.z public"];
    let map = gateway_map(&lines.into_iter().map(Route::parse).collect());
    let expected = ["/x/[^/]+/y$\" b", "/a(/|$)\" a", "/b(/|$)\" b", "/x(/|$)\" a"];
    assert_eq!(map.lines().skip(1).collect::<Vec<_>>(), expected.map(|line| format!("\"~^/api/v1{line};")));
}
