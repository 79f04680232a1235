//! Generations: how many levels below an earner those are from whom a commission comes.

/// Generations beyond this one are added up in the last row.
pub const MAX_GENERATION: i64 = 20;

/// The generation of a pair: the levels between the earner and the deeper one of its two members in the binary tree;
/// `None` while a placement is not known.
pub fn of_pair(earner: Option<i64>, left: Option<i64>, right: Option<i64>) -> Option<i64> {
    Some(left?.max(right?) - earner?)
}

/// Names of the rows, in order: the generations, those beyond the last, and the unknown one.
pub fn names() -> impl Iterator<Item = String> {
    (1..=MAX_GENERATION).map(Some).chain([Some(MAX_GENERATION + 1), None]).map(name)
}

/// Name of the row of a generation.
pub fn name(generation: Option<i64>) -> String {
    match generation {
        Some(generation) if generation <= MAX_GENERATION => generation.to_string(),
        Some(_) => format!("{}+", MAX_GENERATION + 1),
        None => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_of_the_generation_of_its_deeper_member() {
        assert_eq!(of_pair(Some(1), Some(2), Some(2)), Some(1));
        assert_eq!(of_pair(Some(1), Some(5), Some(2)), Some(4));
        for unknown in [(None, Some(1), Some(1)), (Some(1), None, Some(2)), (Some(1), Some(2), None)] {
            assert_eq!(of_pair(unknown.0, unknown.1, unknown.2), None);
        }
    }

    #[test]
    fn generations_beyond_the_last_share_a_row() {
        let names: Vec<String> = names().collect();
        assert_eq!((names.len(), names.first().map(String::as_str)), (22, Some("1")));
        for (generation, expected) in [(Some(20), "20"), (Some(21), "21+"), (Some(9_000), "21+"), (None, "unknown")] {
            assert_eq!(name(generation), expected);
            assert!(names.contains(&name(generation)));
        }
    }
}
