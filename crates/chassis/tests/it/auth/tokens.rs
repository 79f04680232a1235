//! What is accepted, and every forgery that is not.

use super::world::World;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chassis::auth::{Claims, SigningKey};
use chassis::id;
use domain::{Role, Timestamp};
use hmac::{Hmac, KeyInit, Mac};

fn encode(header: &serde_json::Value, claims: &impl serde::Serialize) -> String {
    let claims = serde_json::to_vec(claims).unwrap();
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims))
}

#[tokio::test]
async fn a_genuine_token_says_who_it_speaks_for() {
    let w = World::new().await;
    let claims = Claims { referrer: Some(id::fresh()), role: Role::Admin, ..w.claims() };
    let token = w.key.sign(&claims);
    for _ in 0..2 {
        assert_eq!(w.verifier.verify(&token).await.unwrap(), claims);
    }
}

#[tokio::test]
async fn a_token_lives_until_the_second_it_expires() {
    let w = World::new().await;
    let claims = w.claims();
    let expires = Timestamp::from_micros(claims.exp * 1_000_000).unwrap();
    let token = w.key.sign(&claims);
    for (secs, alive) in [(-1, true), (0, false), (1, false)] {
        w.clock.set(expires.plus_secs(secs));
        assert_eq!(w.accepts(&token).await, alive, "{secs}");
        // Not seen before, it is judged the same.
        assert_eq!(w.restarted().verify(&token).await.is_ok(), alive, "{secs}");
    }
}

#[tokio::test]
async fn a_remembered_token_is_not_remembered_beyond_its_expiry() {
    let w = World::new().await;
    let claims = Claims { exp: w.now_secs() + 2, ..w.claims() };
    let token = w.key.sign(&claims);
    assert!(w.accepts(&token).await);
    w.clock.advance_secs(1);
    assert!(w.accepts(&token).await);
    w.clock.advance_secs(1);
    assert!(!w.accepts(&token).await);
}

#[tokio::test]
async fn a_token_of_another_algorithm_is_refused() {
    let w = World::new().await;
    let claims = w.claims();
    assert!(w.accepts(&w.key.sign(&claims)).await);
    let kid = w.key.kid();
    for alg in ["none", "None", "NONE", "HS256", "HS512", "RS256", "ES256", "EdDSA", ""] {
        let unsigned = encode(&serde_json::json!({ "alg": alg, "kid": kid }), &claims);
        assert!(!w.accepts(&format!("{unsigned}.")).await, "{alg} unsigned");
        // The public key, which everybody has, as the secret of an HMAC: the classic confusion.
        let jwk = serde_json::to_value(w.key.jwk()).unwrap();
        let x = jwk["x"].as_str().unwrap();
        for secret in [URL_SAFE_NO_PAD.decode(x).unwrap(), x.as_bytes().to_vec()] {
            let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&secret).unwrap();
            mac.update(unsigned.as_bytes());
            let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
            assert!(!w.accepts(&format!("{unsigned}.{signature}")).await, "{alg} keyed with the public key");
        }
    }
}

#[tokio::test]
async fn a_token_by_another_key_is_refused_whatever_key_it_names() {
    let w = World::new().await;
    let stranger = SigningKey::generate();
    assert!(!w.accepts(&stranger.sign(&w.claims())).await);
    // The stranger's signature under the true key's name.
    let signed = stranger.sign(&w.claims());
    let body = signed.split('.').nth(1).unwrap();
    let header = URL_SAFE_NO_PAD.encode(serde_json::json!({ "alg": "EdDSA", "kid": w.key.kid() }).to_string());
    let signature = signed.rsplit('.').next().unwrap();
    assert!(!w.accepts(&format!("{header}.{body}.{signature}")).await);
    // A key carried along in the header proves nothing.
    let header = serde_json::json!({ "alg": "EdDSA", "kid": stranger.kid(), "jwk": stranger.jwk() });
    let header = URL_SAFE_NO_PAD.encode(header.to_string());
    assert!(!w.accepts(&format!("{header}.{body}.{signature}")).await);
}

#[tokio::test]
async fn a_token_without_a_key_id_or_with_unknown_demands_is_refused() {
    let w = World::new().await;
    let token = w.key.sign(&w.claims());
    let rest = token.split_once('.').unwrap().1;
    for header in [
        serde_json::json!({ "alg": "EdDSA" }),
        serde_json::json!({ "alg": "EdDSA", "kid": w.key.kid(), "crit": ["exp"] }),
        serde_json::json!({ "kid": w.key.kid() }),
        serde_json::json!(["EdDSA"]),
    ] {
        assert!(!w.accepts(&format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header.to_string()))).await, "{header}");
    }
}

#[tokio::test]
async fn a_token_for_or_from_somebody_else_is_refused() {
    let w = World::new().await;
    for other in ["", "ev", "EV-AUTH", "ev-platform "] {
        assert!(!w.accepts(&w.key.sign(&Claims { iss: other.into(), ..w.claims() })).await, "iss {other}");
        assert!(!w.accepts(&w.key.sign(&Claims { aud: other.into(), ..w.claims() })).await, "aud {other}");
    }
}

#[tokio::test]
async fn a_changed_token_is_refused_wherever_it_was_changed() {
    let w = World::new().await;
    let token = w.key.sign(&w.claims());
    assert!(w.accepts(&token).await);
    for (at, c) in token.char_indices().step_by(5) {
        // The last character of a part may hold bits that do not count.
        let last = token[at + 1..].starts_with('.') || at + 1 == token.len();
        if c == '.' || last {
            continue;
        }
        let other = if c == 'A' { "B" } else { "A" };
        let changed = format!("{}{other}{}", &token[..at], &token[at + 1..]);
        assert!(!w.accepts(&changed).await, "changed at {at}");
    }
    let parts: Vec<&str> = token.split('.').collect();
    for odd in ["", ".", "..", "...", "a.b.c", parts[0], &token[..token.len() - 2], &format!("{token}.{token}")] {
        assert!(!w.accepts(odd).await, "{odd}");
    }
    assert!(!w.accepts(&"a".repeat(1 << 20)).await);
}
