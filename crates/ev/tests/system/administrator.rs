//! One administrator's session for all tests on one stack: every test is a process of its own, and nobody
//! may ask for a code twice within half a minute.

use crate::world::{PATIENCE, Person, World};
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use testkit::Client;

fn file(world: &World, suffix: &str) -> PathBuf {
    let name: String = world.url.chars().filter(char::is_ascii_alphanumeric).collect();
    std::env::temp_dir().join(format!("ev-system-admin-{name}.{suffix}"))
}

async fn remembered(world: &World, email: &str) -> Option<Person> {
    let token = fs::read_to_string(file(world, "token")).ok()?;
    let http = Client::new(&world.url, Some(token));
    let me = http.get("/users/me").await;
    if me.status != 200 {
        return None;
    }
    let text = |field: &str| me.body[field].as_str().map(str::to_owned);
    Some(Person { id: text("id")?, code: text("referral_code")?, email: email.to_owned(), http })
}

/// Signs the administrator in, unless another test on this stack has.
pub(crate) async fn sign_in_once(world: &World, email: &str) -> Person {
    let started = Instant::now();
    let lock = file(world, "lock");
    loop {
        if let Some(person) = remembered(world, email).await {
            return person;
        }
        match fs::OpenOptions::new().write(true).create_new(true).open(&lock) {
            Ok(_) => break,
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {
                // Whoever held it for this long has died.
                let age = fs::metadata(&lock).and_then(|m| m.modified()).ok().and_then(|m| m.elapsed().ok());
                if age.is_some_and(|age| age > PATIENCE) {
                    let _gone = fs::remove_file(&lock);
                }
            }
            Err(e) => panic!("{}: {e}", lock.display()),
        }
        assert!(started.elapsed() < PATIENCE * 3, "nobody signed the administrator in");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let person = match remembered(world, email).await {
        Some(person) => person,
        None => world.sign_in(email, "Administrator", None).await,
    };
    fs::write(file(world, "token"), person.http.token().unwrap_or_default()).expect("a temporary file");
    let _gone = fs::remove_file(&lock);
    person
}
