//! Settings of the booking service, from environment variables.

mod gst;

use blob_store::config::BlobConfig;
use blob_store::scan::config::ScanConfig;
use domain::bounded_text::TextRefusal;
use domain::gst::GstTerms;
use domain::payee::FormatRefusal;
use domain::{AccountNumber, BookingId, Ifsc, Line, PaymentId, PersonName};
use runtime::{ConfigError, Env};
use secrecy::SecretString;
use std::time::Duration;

/// Expiry of bookings, stock and reminders.
#[derive(Debug, Clone)]
pub struct BookingConfig {
    /// `BOOKING_EXPIRY_HOURS`: hours after which an unpaid booking expires; `none` = never. Default 24.
    pub expiry_hours: Option<i64>,
    /// `LOW_STOCK_UNITS`: up to so many, the catalogue shows how many units are left, and staff have a queue. Default 5.
    pub low_stock_units: i64,
    /// `EMI_REMINDER_HOUR`: hour of the Indian day from which members are reminded of instalments. Default 9.
    pub reminder_hour: i64,
}

/// Reconciliation with the gateways' payment lists.
#[derive(Debug, Clone)]
pub struct ReconcileConfig {
    /// `PAYMENT_RECONCILE_SECS`: seconds between two scans of a gateway's list. Default 900.
    pub every: Duration,
    /// `PAYMENT_RECONCILE_HOURS`: hours by which each scan overlaps the previous one. Default 24.
    pub hours: i64,
}

/// Stored webhook events. Their bodies are sealed with `PII_KEYS`.
#[derive(Debug, Clone)]
pub struct WebhookConfig {
    /// `WEBHOOK_RETENTION_DAYS`: days after which an event with its payer's personal data is deleted. Default 180.
    pub retention_days: i64,
}

/// The simulated gateway.
#[derive(Debug, Clone)]
pub struct SandboxConfig {
    /// `SANDBOX_WEBHOOK_SECRET`: key of the webhook signature. Default `sandbox-secret` on SQLite when no other
    /// gateway is configured; otherwise the sandbox is absent unless it is set.
    pub webhook_secret: SecretString,
}

/// Razorpay; configured when all three of its secrets are set.
#[derive(Debug, Clone)]
pub struct RazorpayConfig {
    /// `RAZORPAY_KEY_ID`: public id of the API key.
    pub key_id: String,
    /// `RAZORPAY_KEY_SECRET`: secret of the API key.
    pub key_secret: SecretString,
    /// `RAZORPAY_WEBHOOK_SECRET`: key of the webhook signature.
    pub webhook_secret: SecretString,
    /// `RAZORPAY_API_URL`: base URL. Default `https://api.razorpay.com`.
    pub api_url: String,
}

/// Stripe; configured when both of its secrets are set.
#[derive(Debug, Clone)]
pub struct StripeConfig {
    /// `STRIPE_SECRET_KEY`: secret of the API key.
    pub secret_key: SecretString,
    /// `STRIPE_WEBHOOK_SECRET`: key of the webhook signature.
    pub webhook_secret: SecretString,
    /// `STRIPE_API_URL`: base URL. Default `https://api.stripe.com`.
    pub api_url: String,
}

/// Pages of the console to which a gateway sends the payer back.
#[derive(Debug, Clone)]
pub struct ReturnPages {
    /// `PUBLIC_URL`: base URL of the platform. Default `http://localhost:8080`.
    base: String,
}

impl ReturnPages {
    /// The page after a payment at the gateway.
    pub fn paid(&self, payment: PaymentId) -> String {
        format!("{}/payments/return?payment_id={payment}", self.base)
    }

    /// The page after leaving the gateway without a payment.
    pub fn cancelled(&self, booking: BookingId) -> String {
        format!("{}/bookings/{booking}", self.base)
    }
}

/// The account that receives bank transfers; configured when its name, number and IFSC are set.
#[derive(Debug, Clone)]
pub struct BankTransferConfig {
    /// `PAYMENT_BANK_ACCOUNT_NAME`: name of the account's holder, 1 to 100 characters.
    pub account_name: PersonName,
    /// `PAYMENT_BANK_ACCOUNT_NUMBER`: 9 to 18 digits.
    pub account_number: AccountNumber,
    /// `PAYMENT_BANK_IFSC`: code of the branch.
    pub ifsc: Ifsc,
    /// `PAYMENT_BANK_UPI`: UPI address of the account, such as `payments@bank`. Default none.
    pub upi: Option<String>,
}

/// What members are shown who pay outside a gateway.
#[derive(Debug, Clone)]
pub struct InstructionConfig {
    pub bank_transfer: Option<BankTransferConfig>,
    /// `PAYMENT_CASH_ADDRESS`: where cash is received, 1 to 500 characters. Default none.
    pub cash_address: Option<CashAddress>,
}

/// One line of 1 to 500 characters.
pub type CashAddress = Line<500>;

/// All settings of the service.
#[derive(Debug, Clone)]
pub struct Config {
    pub booking: BookingConfig,
    pub reconcile: ReconcileConfig,
    pub webhooks: WebhookConfig,
    pub instructions: InstructionConfig,
    pub sandbox: Option<SandboxConfig>,
    pub razorpay: Option<RazorpayConfig>,
    /// `BLOB_URL`, or else `BLOB_DIR`: the blob store for pictures.
    pub blobs: BlobConfig,
    /// `CLAMD_URL`, `CLAMD_TIMEOUT_MS`: the virus scanner of uploads, if there is one.
    pub scan: Option<ScanConfig>,
    /// `GST_GSTIN`, `GST_HSN` and `GST_RATES`: the tax in receipts; none = receipts without tax.
    pub gst: Option<GstTerms>,
    pub stripe: Option<StripeConfig>,
    pub return_pages: ReturnPages,
}

const DEFAULT_SANDBOX_SECRET: &str = "sandbox-secret";
const MIN_SECRET_LENGTH: usize = 8;

impl Config {
    /// Reads the settings. `embedded` is true on SQLite, where every setting has a default. Errors with the name of a
    /// variable that has an invalid value.
    pub fn read(env: &Env, embedded: bool) -> Result<Self, ConfigError> {
        let razorpay = razorpay(env)?;
        let stripe = stripe(env)?;
        let fallback = (embedded && razorpay.is_none() && stripe.is_none()).then_some(DEFAULT_SANDBOX_SECRET);
        let sandbox = match secret(env, "SANDBOX_WEBHOOK_SECRET")? {
            Some(webhook_secret) => Some(SandboxConfig { webhook_secret }),
            None => fallback.map(|s| SandboxConfig { webhook_secret: s.into() }),
        };
        let hours = match env.get_or("BOOKING_EXPIRY_HOURS", "24") {
            "none" => None,
            _ => Some(env.parse_in_range("BOOKING_EXPIRY_HOURS", 24_i64, 1..=8_760, "hours, or none,")?),
        };
        let low_stock_units = env.parse_in_range("LOW_STOCK_UNITS", 5_i64, 0..=1_000, "units")?;
        let reminder_hour = env.parse_in_range("EMI_REMINDER_HOUR", 9_i64, 0..=23, "hours")?;
        let retention_days = env.parse_in_range("WEBHOOK_RETENTION_DAYS", 180_i64, 7..=3_650, "days")?;
        Ok(Self {
            booking: BookingConfig { expiry_hours: hours, low_stock_units, reminder_hour },
            reconcile: reconcile(env)?,
            webhooks: WebhookConfig { retention_days },
            instructions: instructions(env)?,
            sandbox,
            razorpay,
            blobs: BlobConfig::from_env(env)?,
            scan: ScanConfig::from_env(env)?,
            gst: gst::read(env)?,
            stripe,
            return_pages: ReturnPages { base: env.public_url()? },
        })
    }
}

fn reconcile(env: &Env) -> Result<ReconcileConfig, ConfigError> {
    let secs = env.parse_in_range("PAYMENT_RECONCILE_SECS", 900_u64, 10..=86_400, "seconds")?;
    let hours = env.parse_in_range("PAYMENT_RECONCILE_HOURS", 24_i64, 1..=720, "hours")?;
    Ok(ReconcileConfig { every: Duration::from_secs(secs), hours })
}

fn instructions(env: &Env) -> Result<InstructionConfig, ConfigError> {
    let invalid = |variable| move |error: TextRefusal| ConfigError::new(variable, error);
    let address = env.get("PAYMENT_CASH_ADDRESS").map(CashAddress::try_new).transpose();
    let cash_address = address.map_err(invalid("PAYMENT_CASH_ADDRESS"))?;
    let variables =
        ["PAYMENT_BANK_ACCOUNT_NAME", "PAYMENT_BANK_ACCOUNT_NUMBER", "PAYMENT_BANK_IFSC", "PAYMENT_BANK_UPI"];
    if variables.iter().all(|v| env.get(v).is_none()) {
        return Ok(InstructionConfig { bank_transfer: None, cash_address });
    }
    let malformed = |variable| move |error: FormatRefusal| ConfigError::new(variable, error);
    let name = PersonName::try_new(env.required("PAYMENT_BANK_ACCOUNT_NAME")?);
    let number = AccountNumber::try_new(env.required("PAYMENT_BANK_ACCOUNT_NUMBER")?);
    let ifsc = Ifsc::try_new(env.required("PAYMENT_BANK_IFSC")?);
    let upi = env.get("PAYMENT_BANK_UPI");
    if upi.is_some_and(|address| !is_upi(address)) {
        return Err(ConfigError::new("PAYMENT_BANK_UPI", "must be a UPI address, such as payments@bank"));
    }
    let bank_transfer = BankTransferConfig {
        account_name: name.map_err(invalid("PAYMENT_BANK_ACCOUNT_NAME"))?,
        account_number: number.map_err(malformed("PAYMENT_BANK_ACCOUNT_NUMBER"))?,
        ifsc: ifsc.map_err(malformed("PAYMENT_BANK_IFSC"))?,
        upi: upi.map(str::to_owned),
    };
    Ok(InstructionConfig { bank_transfer: Some(bank_transfer), cash_address })
}

/// Whether the text is a UPI address: letters, digits, dots and hyphens, an at sign, and letters and digits.
fn is_upi(text: &str) -> bool {
    let is_name = |part: &str, marks: &str| {
        let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || marks.contains(letter);
        (2..=256).contains(&part.len()) && part.chars().all(is_allowed)
    };
    text.split_once('@').is_some_and(|(name, bank)| is_name(name, ".-_") && is_name(bank, ""))
}

fn secret(env: &Env, variable: &str) -> Result<Option<SecretString>, ConfigError> {
    match env.get(variable) {
        Some(text) if text.len() < MIN_SECRET_LENGTH => {
            Err(ConfigError::new(variable, format!("must have at least {MIN_SECRET_LENGTH} characters")))
        }
        Some(text) => Ok(Some(text.into())),
        None => Ok(None),
    }
}

fn razorpay(env: &Env) -> Result<Option<RazorpayConfig>, ConfigError> {
    let variables = ["RAZORPAY_KEY_ID", "RAZORPAY_KEY_SECRET", "RAZORPAY_WEBHOOK_SECRET"];
    if variables.iter().all(|v| env.get(v).is_none()) {
        return Ok(None);
    }
    Ok(Some(RazorpayConfig {
        key_id: env.required("RAZORPAY_KEY_ID")?.to_owned(),
        key_secret: env.required("RAZORPAY_KEY_SECRET")?.into(),
        webhook_secret: env.required("RAZORPAY_WEBHOOK_SECRET")?.into(),
        api_url: env.get_or("RAZORPAY_API_URL", "https://api.razorpay.com").trim_end_matches('/').to_owned(),
    }))
}

fn stripe(env: &Env) -> Result<Option<StripeConfig>, ConfigError> {
    let variables = ["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"];
    if variables.iter().all(|v| env.get(v).is_none()) {
        return Ok(None);
    }
    Ok(Some(StripeConfig {
        secret_key: env.required("STRIPE_SECRET_KEY")?.into(),
        webhook_secret: env.required("STRIPE_WEBHOOK_SECRET")?.into(),
        api_url: env.get_or("STRIPE_API_URL", "https://api.stripe.com").trim_end_matches('/').to_owned(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn only_the_embedded_run_has_a_sandbox_by_default() {
        let nothing = Env::default();
        let secret = |c: Config| c.sandbox.map(|s| s.webhook_secret.expose_secret().to_owned());
        assert_eq!(Config::read(&nothing, true).map(secret), Ok(Some(DEFAULT_SANDBOX_SECRET.into())));
        assert_eq!(Config::read(&nothing, false).map(secret), Ok(None));
        let named = Env::from_pairs([("SANDBOX_WEBHOOK_SECRET", "another secret")]);
        assert_eq!(Config::read(&named, false).map(secret), Ok(Some("another secret".into())));
        let real = Env::from_pairs([
            ("RAZORPAY_KEY_ID", "rzp_test_1"),
            ("RAZORPAY_KEY_SECRET", "s"),
            ("RAZORPAY_WEBHOOK_SECRET", "w"),
        ]);
        assert_eq!(Config::read(&real, true).map(secret), Ok(None));
        let real = Env::from_pairs([("STRIPE_SECRET_KEY", "sk_test_1"), ("STRIPE_WEBHOOK_SECRET", "whsec_1")]);
        assert_eq!(Config::read(&real, true).map(secret), Ok(None));
    }

    #[test]
    fn a_bad_setting_stops_the_boot_by_its_name() {
        for (variable, value) in [
            ("BOOKING_EXPIRY_HOURS", "0"),
            ("BOOKING_EXPIRY_HOURS", "x"),
            ("EMI_REMINDER_HOUR", "24"),
            ("SANDBOX_WEBHOOK_SECRET", "short"),
            ("PAYMENT_RECONCILE_SECS", "9"),
            ("PAYMENT_RECONCILE_SECS", "soon"),
            ("PAYMENT_RECONCILE_HOURS", "0"),
            ("PAYMENT_RECONCILE_HOURS", "721"),
            ("WEBHOOK_RETENTION_DAYS", "6"),
            ("WEBHOOK_RETENTION_DAYS", "3651"),
            ("PAYMENT_CASH_ADDRESS", "two\nlines"),
            ("PUBLIC_URL", "ev.local"),
        ] {
            let refused = Config::read(&Env::from_pairs([(variable, value)]), true).expect_err(value);
            assert_eq!(refused.variable, variable);
        }
        let half = Env::from_pairs([("RAZORPAY_KEY_ID", "rzp_test_1")]);
        assert_eq!(Config::read(&half, true).expect_err("half").variable, "RAZORPAY_KEY_SECRET");
        let half = Env::from_pairs([("STRIPE_WEBHOOK_SECRET", "whsec_1")]);
        assert_eq!(Config::read(&half, true).expect_err("half").variable, "STRIPE_SECRET_KEY");
        let bank = [
            ("PAYMENT_BANK_ACCOUNT_NAME", "Example Motors"),
            ("PAYMENT_BANK_ACCOUNT_NUMBER", "123456789012"),
            ("PAYMENT_BANK_IFSC", "hdfc0001234"),
            ("PAYMENT_BANK_UPI", "pay.now@bank"),
        ];
        assert!(Config::read(&Env::from_pairs(bank), true).is_ok_and(|c| c.instructions.bank_transfer.is_some()));
        for (variable, value) in [
            ("PAYMENT_BANK_ACCOUNT_NAME", ""),
            ("PAYMENT_BANK_ACCOUNT_NUMBER", "12345678"),
            ("PAYMENT_BANK_IFSC", "HDFC1001234"),
            ("PAYMENT_BANK_UPI", "payments"),
            ("PAYMENT_BANK_UPI", "pay@now@bank"),
        ] {
            let refused = Config::read(&Env::from_pairs(bank).with(variable, value), true).expect_err(variable);
            assert_eq!(refused.variable, variable);
        }
        let never = Config::read(&Env::from_pairs([("BOOKING_EXPIRY_HOURS", "none")]), true).expect("a config");
        assert_eq!(never.booking.expiry_hours, None);
    }
}
