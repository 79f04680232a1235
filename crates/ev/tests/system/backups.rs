//! A backup of a running platform, and its restoration after everything else is lost.

use crate::commands::{ev, stdout_of};
use crate::comparison::{RecordedBooking, RecordedMember, RecordedPayment, SeededRng, compare};
use crate::crash::{STEPS_PER_BURST, Scene, start_with_members};
use crate::platform::short_id;
use crate::reconcile::assert_services_agree;
use crate::time_travel::paise;
use futures_util::future::join_all;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The operations of a member that the platform knows.
async fn read_back(member: RecordedMember) -> RecordedMember {
    let mut known = RecordedMember::new(member.person, member.referrer, member.prefers);
    let http = known.person.http.clone();
    let items = |page: Value| page["items"].as_array().unwrap().clone();
    for booking in items(http.get("/bookings?limit=100").await.expect(200)) {
        let open = booking["status"] != "cancelled";
        known.bookings.push(RecordedBooking { id: booking["id"].as_str().unwrap().to_owned(), open });
    }
    assert!(known.bookings.len() <= 1, "a member of the burst books once");
    let mut payments = items(http.get("/payments?limit=100").await.expect(200));
    payments.retain(|payment| payment["completed_at"].is_string());
    payments.sort_by_key(|payment| payment["completed_at"].as_str().unwrap().to_owned());
    known.payments.extend(payments.iter().map(|payment| RecordedPayment {
        id: payment["id"].as_str().unwrap().to_owned(),
        paise: paise(payment, "amount"),
        method: "online",
        booking: 0,
        refunded: payment["status"] == "refunded",
    }));
    known
}

fn backup_folder() -> PathBuf {
    std::env::temp_dir().join(format!("ev-backup-{}", short_id()))
}

async fn back_up(data: &Path, to: &Path) -> String {
    let (data, to) = (data.to_str().unwrap().to_owned(), to.to_str().unwrap().to_owned());
    let command = tokio::task::spawn_blocking(move || ev(&["backup", "--data", &data, "--to", &to], None));
    stdout_of(&command.await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_books_of_a_restored_backup_equal_the_reference_model() {
    for seed in [20_261_130, 20_261_131] {
        let mut rng = SeededRng(seed);
        let Scene { process, platform, members, burst } = start_with_members(&mut rng).await;
        let (folder, step) = (backup_folder(), STEPS_PER_BURST / 4 + rng.next(STEPS_PER_BURST / 2));
        let backing_up = async {
            burst.reaches(step).await;
            back_up(&process.data, &folder).await
        };
        let (members, line) = tokio::join!(burst.run(members, &mut rng), backing_up);
        assert!(line.contains(" files, "), "{line}");
        process.kill();
        std::fs::remove_dir_all(&process.data).unwrap();
        let (from, data) = (folder.to_str().unwrap(), process.data.to_str().unwrap());
        stdout_of(&ev(&["restore", "--from", from, "--data", data], None));
        process.run().await;
        process.drain().await;
        let known = join_all(members.into_iter().map(read_back)).await;
        let payments: usize = known.iter().map(|member| member.payments.len()).sum();
        eprintln!("seed {seed}: backup after {step} steps; {payments} payments restored");
        assert!(payments > 0);
        compare(&platform, &[(seed, known)]).await;
        platform.verify_ledger().await;
        assert_services_agree(&process);
        process.assert_nothing_parked(&format!("seed {seed}")).await;
        std::fs::remove_dir_all(&folder).unwrap();
        a_damaged_backup_is_not_restored(&process.data);
    }
}

/// A folder with content is refused, a changed file is found, and nothing is written in either case.
fn a_damaged_backup_is_not_restored(data: &Path) {
    let folder = backup_folder();
    let (from, source) = (folder.to_str().unwrap(), data.to_str().unwrap());
    stdout_of(&ev(&["backup", "--data", source, "--to", from], None));
    let refused = |arguments: &[&str], reason: &str| {
        let output = ev(arguments, None);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && text.contains(reason), "{arguments:?}: {text}");
    };
    refused(&["backup", "--data", source, "--to", from], "is not empty");
    refused(&["restore", "--from", from, "--data", source], "is not empty");
    refused(&["restore", "--from", source, "--data", "unused"], "is not a backup");
    let missing = folder.join("missing");
    let missing = missing.to_str().unwrap();
    refused(&["backup", "--data", missing, "--to", "unused"], "does not exist");
    let wallet = folder.join("wallet.db");
    let mut bytes = std::fs::read(&wallet).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&wallet, bytes).unwrap();
    refused(&["restore", "--from", from, "--data", missing], "wallet.db differs from what the backup lists");
    assert!(!Path::new(missing).exists());
    std::fs::remove_dir_all(&folder).unwrap();
}
