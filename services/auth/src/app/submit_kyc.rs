//! A member applies for KYC.

use super::publish_user;
use crate::domain::kyc::{self, AccountNumber, DocumentId, KycRefused, Pan};
use crate::error::AuthError;
use crate::secrets::Secrets;
use crate::store::kyc::{self as applications, Application};
use crate::store::{documents, users};
use chassis::{id, pii};
use db::DbConnection;
use domain::{KycStatus, Timestamp, UserId};

/// What is sealed and indexed for, here and in payout and compliance.
pub(crate) const PAN: &str = "pan";
pub(crate) const BANK_ACCOUNT: &str = "bank_account";

/// A well-formed application.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) pan: Pan,
    pub(crate) aadhaar_last4: String,
    pub(crate) account_number: AccountNumber,
    pub(crate) ifsc: String,
    pub(crate) holder_name: String,
    pub(crate) bank_name: String,
    pub(crate) line1: String,
    pub(crate) line2: Option<String>,
    pub(crate) city: String,
    pub(crate) state: String,
    pub(crate) pincode: String,
    pub(crate) country: String,
    /// Each once.
    pub(crate) document_ids: Vec<DocumentId>,
}

pub(crate) async fn submit_kyc(
    c: &mut DbConnection,
    secrets: &Secrets,
    applicant: UserId,
    form: &Form,
    now: Timestamp,
) -> Result<Application, AuthError> {
    let mut user = users::lock(c, applicant).await?.ok_or(AuthError::NotFound)?;
    kyc::may_submit(user.kyc_status)?;
    let own = documents::count_own(c, applicant, &form.document_ids).await?;
    if usize::try_from(own).ok() != Some(form.document_ids.len()) {
        return Err(KycRefused::UnknownDocument.into());
    }
    let application = sealed(secrets, applicant, form, now);
    if !applications::insert(c, &application).await? {
        return Err(KycRefused::Pending.into());
    }
    applications::attach(c, application.id, &form.document_ids).await?;
    user.kyc_status = KycStatus::Pending;
    publish_user::updated(c, &mut user, now).await?;
    Ok(application)
}

fn sealed(secrets: &Secrets, applicant: UserId, form: &Form, now: Timestamp) -> Application {
    let (pan, account) = (form.pan.reveal(), form.account_number.reveal());
    let Form { aadhaar_last4, ifsc, holder_name, bank_name, line1, line2, city, state, pincode, country, .. } =
        form.clone();
    Application {
        id: id::fresh(),
        user_id: applicant,
        status: KycStatus::Pending,
        open_user_id: Some(applicant),
        approved_pan_index: None,
        pan_sealed: secrets.sealer.seal(PAN, pan),
        pan_index: secrets.sealer.index(PAN, pan).to_vec(),
        pan_mask: pii::mask_pan(pan),
        aadhaar_last4,
        account_sealed: secrets.sealer.seal(BANK_ACCOUNT, account),
        account_index: secrets.sealer.index(BANK_ACCOUNT, account).to_vec(),
        account_mask: pii::mask_account(account),
        ifsc,
        holder_name,
        bank_name,
        line1,
        line2,
        city,
        state,
        pincode,
        country,
        reason: None,
        submitted_at: now,
        decided_at: None,
        decided_by: None,
    }
}
