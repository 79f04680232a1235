//! Files for the bank.

use super::batches::ACCOUNT_PURPOSE;
use crate::domain::BatchId;
use crate::domain::bank_template::{BankTemplate, FileTransfer};
use crate::domain::payout::PayoutStatus;
use crate::error::PayoutError;
use crate::store::payouts::{self, Payout};
use db::DbConnection;
use domain::Day;
use http_api::csv_cell;
use pii::Sealer;
use secrecy::ExposeSecret;

/// Writer of a file by a template of the bank.
#[derive(Clone, Copy)]
pub struct BankFileWriter<'a> {
    pub template: &'a BankTemplate,
    /// Decrypts account numbers, which only files and the bank's API get.
    pub sealer: &'a Sealer,
    /// The company's account, if it is set.
    pub debit_account: Option<&'a str>,
    pub day: Day,
}

impl BankFileWriter<'_> {
    /// Writes the file of a batch. Leaves out payouts that staff settled by hand since the batch was created, because the
    /// bank would pay them again. Errors with `NoDebitAccount` if the file names the company's account and it is not set.
    pub async fn write(&self, c: &mut DbConnection, batch: BatchId) -> Result<Vec<u8>, PayoutError> {
        if self.template.needs_debit_account() && self.debit_account.is_none() {
            return Err(PayoutError::NoDebitAccount);
        }
        let failed = |error: csv::Error| PayoutError::File(error.into());
        let delimiter = u8::try_from(self.template.delimiter).unwrap_or(b',');
        let mut file = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
        if self.template.has_header {
            file.write_record(self.template.columns.iter().map(|column| &column.header)).map_err(failed)?;
        }
        for payout in payouts::list_in_batch(c, batch, PayoutStatus::Processing).await? {
            file.write_record(self.cells(&payout)?).map_err(failed)?;
        }
        file.into_inner().map_err(|error| PayoutError::File(error.into_error()))
    }

    fn cells(&self, payout: &Payout) -> Result<Vec<String>, PayoutError> {
        let account = self.sealer.open(ACCOUNT_PURPOSE, &payout.account_sealed)?;
        let cells = self.template.cells(&FileTransfer {
            payout_id: payout.id,
            holder_name: &payout.holder_name,
            account_number: account.expose_secret(),
            ifsc: &payout.ifsc,
            bank_name: &payout.bank_name,
            net: payout.net_paise,
            debit_account: self.debit_account.unwrap_or_default(),
            day: self.day,
        });
        Ok(cells.iter().map(|cell| csv_cell(cell)).collect())
    }
}
