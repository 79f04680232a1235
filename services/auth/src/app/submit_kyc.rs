//! Submission of a KYC application.

use super::publish_user;
use crate::domain::kyc::{self, DocumentId, KycRefusal};
use crate::domain::user::PostalAddress;
use crate::error::AuthError;
use crate::secrets::Secrets;
use crate::store::kyc::{self as applications, KycApplication};
use crate::store::{documents, users};
use db::DbConnection;
use domain::{AccountNumber, Ifsc, KycStatus, Pan, Timestamp, UserId};
use runtime::id;

// Purposes of sealed and indexed values, the same in payout and compliance.
pub(crate) const PAN_PURPOSE: &str = "pan";
pub(crate) const BANK_ACCOUNT_PURPOSE: &str = "bank_account";

/// Validated content of an application.
#[derive(Debug, Clone)]
pub(crate) struct KycForm {
    pub(crate) pan: Pan,
    pub(crate) aadhaar_last4: String,
    pub(crate) account_number: AccountNumber,
    pub(crate) ifsc: Ifsc,
    pub(crate) holder_name: String,
    pub(crate) bank_name: String,
    pub(crate) address: PostalAddress,
    /// Without duplicates.
    pub(crate) document_ids: Vec<DocumentId>,
}

/// Inserts a pending application with its documents, and sets the user's KYC status to pending.
///
/// Errors when an application is pending or approved, or a document is not the applicant's own.
pub(crate) async fn submit_kyc(
    c: &mut DbConnection,
    secrets: &Secrets,
    applicant: UserId,
    form: &KycForm,
    now: Timestamp,
) -> Result<KycApplication, AuthError> {
    let mut user = users::lock(c, applicant).await?.ok_or(AuthError::NotFound)?;
    kyc::may_submit(user.kyc_status)?;
    let own_documents = documents::count_own(c, applicant, &form.document_ids).await?;
    if usize::try_from(own_documents).ok() != Some(form.document_ids.len()) {
        return Err(KycRefusal::UnknownDocument.into());
    }
    let application = seal_application(secrets, applicant, form, now);
    if !applications::insert(c, &application).await? {
        return Err(KycRefusal::Pending.into());
    }
    applications::attach_documents(c, application.id, &form.document_ids).await?;
    user.kyc_status = KycStatus::Pending;
    publish_user::save_and_publish(c, &mut user, now).await?;
    Ok(application)
}

fn seal_application(secrets: &Secrets, applicant: UserId, form: &KycForm, now: Timestamp) -> KycApplication {
    let (pan, account) = (form.pan.reveal(), form.account_number.reveal());
    let KycForm { aadhaar_last4, ifsc, holder_name, bank_name, address, .. } = form.clone();
    let PostalAddress { line1, line2, city, state, pincode, country } = address;
    KycApplication {
        id: id::fresh(),
        user_id: applicant,
        status: KycStatus::Pending,
        open_user_id: Some(applicant),
        approved_pan_index: None,
        pan_sealed: secrets.sealer.seal(PAN_PURPOSE, pan),
        pan_index: secrets.sealer.index(PAN_PURPOSE, pan).to_vec(),
        pan_mask: form.pan.to_string(),
        aadhaar_last4,
        account_sealed: secrets.sealer.seal(BANK_ACCOUNT_PURPOSE, account),
        account_index: secrets.sealer.index(BANK_ACCOUNT_PURPOSE, account).to_vec(),
        account_mask: form.account_number.to_string(),
        ifsc: ifsc.into(),
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
