//! Tries one-time codes.

use crate::domain::identifier::Identifier;
use crate::domain::otp::{Purpose, Verdict};
use crate::error::AuthError;
use crate::secrets::{Secrets, same};
use crate::store::codes;
use db::DbConnection;
use domain::Timestamp;

/// Whether every identifier came with its good code. Only then are the codes used up; wrong tries count. Both
/// when the caller commits.
pub(crate) async fn check_codes(
    c: &mut DbConnection,
    secrets: &Secrets,
    purpose: Purpose,
    tries: &[(&Identifier, &str)],
    now: Timestamp,
) -> Result<bool, AuthError> {
    let mut judged = Vec::with_capacity(tries.len());
    for (identifier, code) in tries {
        let hash = secrets.code_hash(purpose, identifier, code.trim());
        let Some(row) = codes::lock(c, purpose, identifier).await? else {
            return Ok(false);
        };
        let verdict = row.sent().judge(same(&row.code_hash, &hash), now);
        judged.push((row, verdict));
    }
    let all_good = judged.iter().all(|(_, verdict)| *verdict == Verdict::Good);
    for (mut row, verdict) in judged {
        match verdict {
            Verdict::Good if all_good => row.used_at = Some(now),
            Verdict::Wrong => row.attempts += 1,
            Verdict::Good | Verdict::Dead => continue,
        }
        codes::replace(c, &row).await?;
    }
    Ok(all_good)
}
