//! Shared administrator session of all tests on one stack. Every test is a separate process, and a user may request
//! only one code in 30 seconds.

use crate::platform::{EFFECT_TIMEOUT, TestPlatform, TestUser};
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use testkit::Client;

fn file(platform: &TestPlatform, suffix: &str) -> PathBuf {
    let name: String = platform.url.chars().filter(char::is_ascii_alphanumeric).collect();
    std::env::temp_dir().join(format!("ev-system-admin-{name}.{suffix}"))
}

async fn stored_session(platform: &TestPlatform, email: &str) -> Option<TestUser> {
    let token = fs::read_to_string(file(platform, "token")).ok()?;
    let http = Client::new(&platform.url, Some(token));
    let me = http.get("/users/me").await;
    if me.status != 200 {
        return None;
    }
    let text = |field: &str| me.body[field].as_str().map(str::to_owned);
    Some(TestUser { id: text("id")?, referral_code: text("referral_code")?, email: email.to_owned(), http })
}

/// Signs in the administrator, or returns the session of another test on this stack.
pub(crate) async fn sign_in_once(platform: &TestPlatform, email: &str) -> TestUser {
    let started = Instant::now();
    let lock = file(platform, "lock");
    loop {
        if let Some(user) = stored_session(platform, email).await {
            return user;
        }
        match fs::OpenOptions::new().write(true).create_new(true).open(&lock) {
            Ok(_) => break,
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {
                // A process that held the lock for this long has died.
                let age = fs::metadata(&lock).and_then(|m| m.modified()).ok().and_then(|m| m.elapsed().ok());
                if age.is_some_and(|age| age > EFFECT_TIMEOUT) {
                    let _removed = fs::remove_file(&lock);
                }
            }
            Err(e) => panic!("{}: {e}", lock.display()),
        }
        assert!(started.elapsed() < EFFECT_TIMEOUT * 3, "no test signed in the administrator");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let user = match stored_session(platform, email).await {
        Some(user) => user,
        None => platform.sign_in(email, "Administrator", None).await,
    };
    fs::write(file(platform, "token"), user.http.token().unwrap_or_default()).expect("a temporary file");
    let _removed = fs::remove_file(&lock);
    user
}
