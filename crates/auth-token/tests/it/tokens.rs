//! Accepted tokens and refused forgeries.

use super::fixture::Fixture;
use auth_token::{Claims, SigningKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{Role, Timestamp};
use hmac::{Hmac, KeyInit, Mac};
use runtime::id;

fn encode(header: &serde_json::Value, claims: &impl serde::Serialize) -> String {
    let claims = serde_json::to_vec(claims).unwrap();
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims))
}

#[tokio::test]
async fn a_genuine_token_is_accepted_with_its_claims() {
    let fixture = Fixture::new().await;
    let claims = Claims { referrer: Some(id::fresh()), role: Role::Admin, ..fixture.claims() };
    let token = fixture.key.sign(&claims);
    for _ in 0..2 {
        assert_eq!(fixture.verifier.verify(&token).await.unwrap(), claims);
    }
}

#[tokio::test]
async fn a_token_is_accepted_until_the_second_it_expires() {
    let fixture = Fixture::new().await;
    let claims = fixture.claims();
    let expires = Timestamp::from_micros(claims.exp * 1_000_000).unwrap();
    let token = fixture.key.sign(&claims);
    for (secs, accepted) in [(-1, true), (0, false), (1, false)] {
        fixture.clock.set(expires.plus_secs(secs));
        assert_eq!(fixture.accepts(&token).await, accepted, "{secs}");
        // The same without the cache.
        assert_eq!(fixture.restarted_verifier().verify(&token).await.is_ok(), accepted, "{secs}");
    }
}

#[tokio::test]
async fn a_cached_token_is_refused_after_its_expiry() {
    let fixture = Fixture::new().await;
    let claims = Claims { exp: fixture.now_secs() + 2, ..fixture.claims() };
    let token = fixture.key.sign(&claims);
    assert!(fixture.accepts(&token).await);
    fixture.clock.advance_secs(1);
    assert!(fixture.accepts(&token).await);
    fixture.clock.advance_secs(1);
    assert!(!fixture.accepts(&token).await);
}

#[tokio::test]
async fn a_token_of_another_algorithm_is_refused() {
    let fixture = Fixture::new().await;
    let claims = fixture.claims();
    assert!(fixture.accepts(&fixture.key.sign(&claims)).await);
    let kid = fixture.key.kid();
    for alg in ["none", "None", "NONE", "HS256", "HS512", "RS256", "ES256", "EdDSA", ""] {
        let unsigned = encode(&serde_json::json!({ "alg": alg, "kid": kid }), &claims);
        assert!(!fixture.accepts(&format!("{unsigned}.")).await, "{alg} unsigned");
        // The public key as the secret of an HMAC: algorithm confusion.
        let jwk = serde_json::to_value(fixture.key.jwk()).unwrap();
        let x = jwk["x"].as_str().unwrap();
        for secret in [URL_SAFE_NO_PAD.decode(x).unwrap(), x.as_bytes().to_vec()] {
            let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&secret).unwrap();
            mac.update(unsigned.as_bytes());
            let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
            assert!(!fixture.accepts(&format!("{unsigned}.{signature}")).await, "{alg} keyed with the public key");
        }
    }
}

#[tokio::test]
async fn a_token_of_another_key_is_refused_with_any_key_id() {
    let fixture = Fixture::new().await;
    let stranger = SigningKey::generate();
    assert!(!fixture.accepts(&stranger.sign(&fixture.claims())).await);
    // The signature of the other key with the id of the published key.
    let signed = stranger.sign(&fixture.claims());
    let body = signed.split('.').nth(1).unwrap();
    let header = URL_SAFE_NO_PAD.encode(serde_json::json!({ "alg": "EdDSA", "kid": fixture.key.kid() }).to_string());
    let signature = signed.rsplit('.').next().unwrap();
    assert!(!fixture.accepts(&format!("{header}.{body}.{signature}")).await);
    // A key in the header of the token is ignored.
    let header = serde_json::json!({ "alg": "EdDSA", "kid": stranger.kid(), "jwk": stranger.jwk() });
    let header = URL_SAFE_NO_PAD.encode(header.to_string());
    assert!(!fixture.accepts(&format!("{header}.{body}.{signature}")).await);
}

#[tokio::test]
async fn a_token_without_a_key_id_or_with_critical_extensions_is_refused() {
    let fixture = Fixture::new().await;
    let token = fixture.key.sign(&fixture.claims());
    let rest = token.split_once('.').unwrap().1;
    for header in [
        serde_json::json!({ "alg": "EdDSA" }),
        serde_json::json!({ "alg": "EdDSA", "kid": fixture.key.kid(), "crit": ["exp"] }),
        serde_json::json!({ "kid": fixture.key.kid() }),
        serde_json::json!(["EdDSA"]),
    ] {
        assert!(!fixture.accepts(&format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header.to_string()))).await, "{header}");
    }
}

#[tokio::test]
async fn a_token_of_another_issuer_or_audience_is_refused() {
    let fixture = Fixture::new().await;
    for other in ["", "ev", "EV-AUTH", "ev-platform "] {
        assert!(
            !fixture.accepts(&fixture.key.sign(&Claims { iss: other.into(), ..fixture.claims() })).await,
            "iss {other}"
        );
        assert!(
            !fixture.accepts(&fixture.key.sign(&Claims { aud: other.into(), ..fixture.claims() })).await,
            "aud {other}"
        );
    }
}

#[tokio::test]
async fn a_token_that_was_changed_anywhere_is_refused() {
    let fixture = Fixture::new().await;
    let token = fixture.key.sign(&fixture.claims());
    assert!(fixture.accepts(&token).await);
    for (at, c) in token.char_indices().step_by(5) {
        // The last character of a part may have unused bits.
        let last = token[at + 1..].starts_with('.') || at + 1 == token.len();
        if c == '.' || last {
            continue;
        }
        let other = if c == 'A' { "B" } else { "A" };
        let changed = format!("{}{other}{}", &token[..at], &token[at + 1..]);
        assert!(!fixture.accepts(&changed).await, "changed at {at}");
    }
    let parts: Vec<&str> = token.split('.').collect();
    for odd in ["", ".", "..", "...", "a.b.c", parts[0], &token[..token.len() - 2], &format!("{token}.{token}")] {
        assert!(!fixture.accepts(odd).await, "{odd}");
    }
    assert!(!fixture.accepts(&"a".repeat(1 << 20)).await);
}
