//! Devices from which users sign in, as far as a user agent names them.

use domain::Timestamp;

/// Days after which a device without a sign-in counts as new again.
pub(crate) const KNOWN_DEVICE_DAYS: i64 = 90;

/// Limit of the name of a browser that is not listed.
const MAX_FAMILY_CHARS: usize = 40;
const UNKNOWN: &str = "unknown";

/// Marks of browsers in a user agent, and their names. The first found counts, as several name their ancestors too.
const BROWSERS: [(&str, &str); 7] = [
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
];
const SYSTEMS: [(&str, &str); 6] = [
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
];

/// Browser and system of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DeviceName {
    /// The browser, or the first product of an unlisted user agent, such as `curl`.
    pub(crate) family: String,
    system: Option<&'static str>,
}

impl DeviceName {
    /// Reads a user agent.
    pub(crate) fn from_user_agent(user_agent: &str) -> Self {
        let find = |names: &[(&str, &'static str)]| {
            names.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
        };
        let family = match find(&BROWSERS) {
            Some(browser) => browser.to_owned(),
            None => {
                let product = user_agent.split(['/', ' ']).next().unwrap_or_default();
                let plain = product.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c));
                plain.take(MAX_FAMILY_CHARS).collect()
            }
        };
        let family = if family.is_empty() { UNKNOWN.to_owned() } else { family };
        Self { family, system: find(&SYSTEMS) }
    }

    /// Browser and system in English, such as `Chrome on Android`.
    pub(crate) fn label(&self) -> String {
        self.system.map_or_else(|| self.family.clone(), |system| format!("{} on {system}", self.family))
    }
}

/// Decides whether a sign-in comes from a new device. `last_sign_in_at` is the last one of the same family and network.
/// A registration makes its device known.
pub(crate) fn decide_new_device(is_registration: bool, last_sign_in_at: Option<Timestamp>, now: Timestamp) -> bool {
    !is_registration && last_sign_in_at.is_none_or(|last| last.plus_hours(24 * KNOWN_DEVICE_DAYS) < now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_agent_names_a_browser_and_a_system() {
        let windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0";
        for (user_agent, label, family) in [
            (windows, "Chrome on Windows", "Chrome"),
            (&format!("{windows} Safari/537.36 Edg/126.0"), "Edge on Windows", "Edge"),
            (
                "Mozilla/5.0 (Linux; Android 14) SamsungBrowser/25 Chrome/121",
                "Samsung Internet on Android",
                "Samsung Internet",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604.1",
                "Safari on iPhone",
                "Safari",
            ),
            ("curl/8.5.0", "curl", "curl"),
            ("<b>app/1 (Android)", "bapp on Android", "bapp"),
            ("", "unknown", "unknown"),
            ("()", "unknown", "unknown"),
        ] {
            let device = DeviceName::from_user_agent(user_agent);
            assert_eq!((device.label().as_str(), device.family.as_str()), (label, family), "{user_agent}");
        }
        assert_eq!(DeviceName::from_user_agent(&"x".repeat(200)).family.len(), MAX_FAMILY_CHARS);
    }

    #[test]
    fn a_device_is_known_for_90_days_after_its_last_sign_in() {
        let last = Timestamp::UNIX_EPOCH;
        let end = last.plus_hours(24 * 90);
        for (is_registration, last, now, new) in [
            (true, None, last, false),
            (false, None, last, true),
            (false, Some(last), end, false),
            (false, Some(last), end.plus_secs(1), true),
        ] {
            assert_eq!(decide_new_device(is_registration, last, now), new, "{is_registration} {last:?} {now}");
        }
    }
}
