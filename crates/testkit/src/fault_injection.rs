//! Memory bus that reorders, duplicates and delays events by a seed, so that a failure can be reproduced.

use fastrand::Rng;
use messaging::memory::{DeliveryPlan, DeliverySchedule, MemoryBus};

/// A bus of all services that reorders, duplicates and delays events, the same way for the same seed. Every event is
/// delivered in the end.
pub fn memory_bus(seed: u64) -> MemoryBus {
    MemoryBus::new().with_schedules(|service| Box::new(RandomSchedule::new(seed, service)))
}

/// As [`memory_bus`], for these services only.
pub fn memory_bus_limited_to(services: &[&str], seed: u64) -> MemoryBus {
    MemoryBus::limited_to(services).with_schedules(|service| Box::new(RandomSchedule::new(seed, service)))
}

/// Duplicates about every sixth event, delays about every fourth, and reorders all of them.
struct RandomSchedule(Rng);

impl RandomSchedule {
    /// Each queue of a bus has its own sequence.
    fn new(seed: u64, service: &str) -> Self {
        let salted = service.bytes().fold(seed, |sum, byte| sum.wrapping_mul(0x0100_0000_01b3) ^ u64::from(byte));
        Self(Rng::with_seed(salted))
    }
}

impl DeliverySchedule for RandomSchedule {
    fn plan(&mut self) -> DeliveryPlan {
        let delay = if self.0.u8(..4) == 0 { self.0.u64(1..=4) } else { 0 };
        // Usually long enough for the duplicate to arrive after the first is acknowledged.
        let copy_delay = (self.0.u8(..6) == 0).then(|| self.0.u64(..6));
        DeliveryPlan { delay, copy_delay }
    }

    fn choose(&mut self, due: usize, max: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..due).collect();
        // Within groups, so that no event is overtaken without limit.
        order.chunks_mut(16).for_each(|group| self.0.shuffle(group));
        order.truncate(self.0.usize(1..=max));
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_does_the_same_again() {
        let run = |seed, service| {
            let mut schedule = RandomSchedule::new(seed, service);
            (schedule.choose(100, 100), (0..100).map(|_| schedule.plan()).collect::<Vec<_>>())
        };
        assert_eq!(run(7, "wallet"), run(7, "wallet"));
        assert_ne!(run(7, "wallet"), run(8, "wallet"));
        assert_ne!(run(7, "wallet"), run(7, "binary"));
    }

    #[test]
    fn a_batch_has_at_least_one_event_at_most_the_maximum_and_none_twice() {
        for (due, max) in [(1, 1), (1, 500), (2, 1), (15, 16), (16, 16), (17, 16), (100, 7), (100, 500)] {
            for seed in 0..50 {
                let mut chosen = RandomSchedule::new(seed, "wallet").choose(due, max);
                assert!((1..=max.min(due)).contains(&chosen.len()), "{due} {max}: {chosen:?}");
                assert!(chosen.iter().all(|index| *index < due), "{due} {max}: {chosen:?}");
                let all = chosen.len();
                chosen.sort_unstable();
                chosen.dedup();
                assert_eq!(chosen.len(), all);
            }
        }
    }
}
