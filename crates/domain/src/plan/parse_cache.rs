//! Cache of parsed plans. Every payment reads a published plan, which never changes, so each JSON text is parsed once.

use super::Plan;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// Maximum number of cached plans. Only the latest versions are in use.
const MAX_CACHED_PLANS: usize = 8;

static PARSED: Mutex<VecDeque<(String, Arc<Plan>)>> = Mutex::new(VecDeque::new());

impl Plan {
    /// Parses a plan from JSON, or returns the cached result. Errors when `json` is not a plan.
    pub fn parse(json: &str) -> serde_json::Result<Arc<Self>> {
        let mut parsed = PARSED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, plan)) = parsed.iter().find(|(text, _)| text == json) {
            return Ok(Arc::clone(plan));
        }
        let plan: Arc<Self> = Arc::new(serde_json::from_str(json)?);
        parsed.truncate(MAX_CACHED_PLANS - 1);
        parsed.push_front((json.to_owned(), Arc::clone(&plan)));
        Ok(plan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_is_parsed_once_and_cached_under_its_own_key() {
        let plans = [Plan::seed(), Plan::fixed()];
        let texts = plans.clone().map(|plan| serde_json::to_string(&plan).expect("serializes"));
        for (text, plan) in texts.iter().zip(&plans) {
            let first = Plan::parse(text).expect("a plan");
            assert_eq!(first.as_ref(), plan);
            assert!(Arc::ptr_eq(&first, &Plan::parse(text).expect("a plan")));
        }
        assert!(Plan::parse("{}").is_err());
        let seed = Plan::parse(&texts[0]).expect("a plan");
        for spaces in 1..=MAX_CACHED_PLANS {
            Plan::parse(&(" ".repeat(spaces) + &texts[1])).expect("a plan");
        }
        assert!(!Arc::ptr_eq(&seed, &Plan::parse(&texts[0]).expect("a plan")), "only the latest plans are cached");
    }
}
