//! The read graph over all services, beside the routes: what one query reads, for whom, and its stored schemas.

use crate::derived::assert_derived;
use crate::platform::TestPlatform;
use ::graph::{Graph, GraphSettings, Part};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use testkit::Client;
use tokio::net::TcpStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

const SETTINGS: GraphSettings = GraphSettings { is_introspected: true };

async fn ask(client: &Client, query: &str) -> Value {
    client.post("//graphql", json!({ "query": query })).await.expect(200)
}

/// The data of a query without errors.
async fn read(client: &Client, query: &str) -> Value {
    let answer = ask(client, query).await;
    assert_eq!(answer.get("errors"), None, "{query}: {answer}");
    answer["data"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_query_reads_what_the_routes_of_all_services_answer() {
    let platform = TestPlatform::embedded().await;
    let sponsor = platform.member(None).await;
    sponsor.join_tree(&platform).await;
    let member = platform.member(Some(&sponsor)).await;
    let booking = member.join_tree(&platform).await;
    sponsor.wait_for_balance(&platform, "available", "25.00").await;
    let data = read(
        &sponsor.http,
        "{ me { id name wallet { available lines(limit: 5) { items { type amount why { steps { value } } } } }
           bookings { items { id number payments { amount status } instalments { n } user { name } } }
           tree(depth: 2) { left_count left { name } } position { depth } payouts { items { id } }
           notifications(limit: 5) { items { title } } unread_notifications { unread } profile { locale email }
           figures { total_paid referrals } documents { items { id } } tds { total_tds }
           referrals { items { name } } } plan { version } }",
    )
    .await;
    let me = &data["me"];
    let rest = async |path: &str| sponsor.http.get(path).await.expect(200);
    assert_eq!(me["id"], json!(sponsor.id));
    assert_eq!(me["wallet"]["available"], rest("/wallet").await["available"]);
    let lines = rest("/wallet/transactions").await;
    assert_eq!(me["wallet"]["lines"]["items"][0]["amount"], lines["items"][0]["amount"]);
    assert!(me["wallet"]["lines"]["items"][0]["why"]["steps"].as_array().is_some_and(|steps| !steps.is_empty()));
    assert_eq!(me["bookings"]["items"][0]["number"], rest("/bookings").await["items"][0]["number"]);
    assert_eq!(me["bookings"]["items"][0]["payments"][0]["amount"], "500.00");
    assert_eq!(me["bookings"]["items"][0]["user"]["name"], me["name"]);
    assert_eq!(me["tree"]["left"]["name"], rest("/binary/tree").await["left"]["name"]);
    assert_eq!(me["figures"]["referrals"], json!(1));
    assert_eq!(me["referrals"]["items"][0]["name"], rest("/users/me/referrals").await["items"][0]["name"]);
    assert_eq!(data["plan"]["version"], rest("/plan").await["version"]);

    // What belongs to another member, as staff and as the member.
    let query = format!(
        "{{ user(id: \"{}\") {{ name wallet {{ available }} bookings {{ items {{ id }} }}
             notifications {{ items {{ id }} }} }}
           booking(id: \"{booking}\") {{ number }} }}",
        member.id
    );
    let staff = ask(&platform.staff().await.http, &query).await;
    assert_eq!(staff["data"]["user"]["bookings"]["items"][0]["id"], json!(booking), "{staff}");
    assert_eq!(staff["data"]["user"]["notifications"], Value::Null);
    assert_eq!(staff["errors"].as_array().map(Vec::len), Some(1), "{staff}");
    let refused = ask(&sponsor.http, &query).await;
    assert_eq!(refused["data"], json!({ "user": null, "booking": null }));
    platform.finish().await;
}

/// The fields of the root, each with its description and a selection that names its required arguments.
async fn root_fields(client: &Client) -> Vec<(String, String, String)> {
    let query = "{ __schema { queryType { fields { name description type { kind } args { name type { kind ofType { enumValues { name } } } } } } } }";
    let schema = read(client, query).await;
    let fields = schema["__schema"]["queryType"]["fields"].as_array().expect("fields").clone();
    let field = |field: &Value| {
        let name = field["name"].as_str().expect("a name").to_owned();
        let arguments = field["args"].as_array().expect("arguments").iter();
        let required: String = arguments
            .filter(|argument| argument["type"]["kind"] == "NON_NULL")
            .map(|argument| {
                let word = argument["type"]["ofType"]["enumValues"][0]["name"].as_str().map(str::to_owned);
                let value = word.unwrap_or_else(|| format!("\"{}\"", uuid::Uuid::from_u128(1)));
                format!("({}: {value})", argument["name"].as_str().unwrap())
            })
            .collect();
        let below = if field["type"]["kind"] == "OBJECT" { " { __typename }" } else { "" };
        let query = format!("{{ {name}{required}{below} }}");
        (name, field["description"].as_str().unwrap_or_default().to_owned(), query)
    };
    fields.iter().map(field).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_root_field_admits_the_roles_that_its_description_names() {
    let platform = TestPlatform::embedded().await;
    let (member, staff) = (platform.member(None).await, platform.staff().await.http.clone());
    let admin = platform.admin().await.http.clone();
    let (mut for_staff, mut for_admin) = (0, 0);
    for (name, description, query) in root_fields(&member.http).await {
        let is_refused = async |client: &Client| {
            let answer = ask(client, &query).await;
            assert_ne!(answer["errors"][0]["extensions"]["code"], "graph.invalid", "{query}: {answer}");
            answer["errors"][0]["extensions"]["code"] == "auth.forbidden"
        };
        let (staff_only, admin_only) =
            (description.ends_with("Staff and administrators."), description.ends_with("\nAdministrators."));
        let expected = (staff_only || admin_only, admin_only, false);
        let found = (is_refused(&member.http).await, is_refused(&staff).await, is_refused(&admin).await);
        assert_eq!(found, expected, "{name}: for a member, staff and administrators");
        for_staff += u32::from(staff_only);
        for_admin += u32::from(admin_only);
    }
    assert!(for_staff > 10 && for_admin == 2, "{for_staff} for staff, {for_admin} for administrators");
    platform.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_query_needs_a_token_and_is_sent_once_by_its_hash() {
    let platform = TestPlatform::embedded().await;
    let member = platform.member(None).await;
    let query = "{ me { id } }";
    let refused = platform.anonymous().post("//graphql", json!({ "query": query })).await;
    assert_eq!(refused.problem(401), "auth.token_invalid");
    assert_eq!(member.http.get("//graphql").await.problem(405), "request.method_not_allowed");
    // SHA-256 of the query.
    let hash = "9a4c7a9ae62d2d4a1f9f40f6d0b29d3c3b7b4bb2c3e4f6a7d8e9fabcdef01234";
    let persisted = |hash: &str| json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": hash } } });
    let unknown = member.http.post("//graphql", persisted(hash)).await.expect(200);
    assert_eq!(unknown["errors"][0]["message"], "PersistedQueryNotFound");
    let mut wrong = persisted(hash);
    wrong["query"] = json!(query);
    let wrong = member.http.post("//graphql", wrong).await.expect(200);
    assert_eq!(wrong["errors"][0]["extensions"]["code"], "graph.wrong_hash");
    let hash = "c53d78fa4c9c65a93967d42316fcd207fd611c7cac40a103820a866c3e5dd8f5";
    let mut first = persisted(hash);
    first["query"] = json!(query);
    for body in [first, persisted(hash)] {
        assert_eq!(member.http.post("//graphql", body).await.expect(200)["data"]["me"]["id"], json!(member.id));
    }
    platform.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_derived_schemas_are_those_of_the_services() {
    let platform = TestPlatform::embedded().await;
    let started = &platform.in_process.as_ref().expect("in process").embedded.started;
    let parts: Vec<&Part> = started.iter().filter_map(|service| service.graph.as_ref()).collect();
    let schemas: Vec<(String, String)> = parts
        .iter()
        .map(|part| {
            (format!("subgraphs/{}", part.service()), Graph::of_parts(&[part], SETTINGS).expect("a graph").sdl())
        })
        .chain([("schema".to_owned(), Graph::of_parts(&parts, SETTINGS).expect("a graph").sdl())])
        .collect();
    assert_eq!(schemas.len(), 9);
    platform.finish().await;
    for (name, schema) in schemas {
        assert_derived(&format!("deploy/graph/{name}.graphql"), &schema);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_subscription_sends_what_the_routes_of_other_services_cause() {
    let platform = TestPlatform::embedded().await;
    let member = platform.member(None).await;
    let host = platform.url.trim_start_matches("http://");
    let mut request = format!("ws://{host}/graphql").into_client_request().expect("a request");
    request.headers_mut().insert("Sec-WebSocket-Protocol", "graphql-transport-ws".parse().expect("a header"));
    let tcp = TcpStream::connect(host).await.expect("a connection");
    let (mut socket, _) = client_async(request, tcp).await.expect("a WebSocket");
    let query = format!("subscription {{ notifications(after: \"{}\") {{ template }} }}", uuid::Uuid::nil());
    for message in [
        json!({ "type": "connection_init", "payload": { "token": member.http.token() } }),
        json!({ "type": "subscribe", "id": "1", "payload": { "query": query } }),
        json!({ "type": "subscribe", "id": "2", "payload": { "query": "{ me { id } }" } }),
    ] {
        socket.send(Message::text(message.to_string())).await.expect("a message is sent");
    }
    let mut next = async || loop {
        let message = socket.next().await.expect("an open connection").expect("a message");
        if let Message::Text(text) = message {
            return serde_json::from_str::<Value>(&text).expect("JSON");
        }
    };
    assert_eq!(next().await, json!({ "type": "connection_ack" }));
    let (mut templates, mut codes) = (Vec::new(), Vec::new());
    while templates.is_empty() || codes.is_empty() {
        let message = next().await;
        match message["payload"]["data"]["notifications"]["template"].as_str() {
            Some(template) => templates.push(template.to_owned()),
            None => codes.push(message["payload"][0]["extensions"]["code"].clone()),
        }
    }
    assert_eq!((&templates[..], codes), (&["welcome".to_owned()][..], vec![json!("graph.post_required")]));
    member.deposit(&platform, "12.00").await;
    assert_eq!(next().await["payload"]["data"]["notifications"]["template"], "deposit");
    let posted = json!({ "query": query });
    let refused = member.http.post("//graphql", posted).await.expect(200);
    assert_eq!(refused["errors"][0]["extensions"]["code"], "graph.websocket_required");
    platform.finish().await;
}
