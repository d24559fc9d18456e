//! Work on many things that know nothing of one another, on all processors.

use std::{num::NonZero, panic, sync::OnceLock, thread};

/// Does the same with each item, and gives the results in the order of the items. Every processor gets as many items as another, but
/// no fewer than `least`, which is how many are worth a thread; few items, and those for which the system has no thread, are worked
/// on right here.
///
/// A panic of the work is the caller's.
///
/// ```
/// let lengths = fleet_core::parallel::map(&["a", "bc"], 100, |text| text.len());
/// assert_eq!(lengths, [1, 2]);
/// ```
pub fn map<T: Sync, R: Send>(items: &[T], least: usize, work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let share = items.len().div_ceil(processors()).max(least).max(1);
    let Some((first, others)) = items.split_at_checked(share).filter(|(_, others)| !others.is_empty()) else {
        return items.iter().map(work).collect();
    };
    let work = &work;
    let work_on = |items: &[T]| items.iter().map(work).collect::<Vec<R>>();
    thread::scope(|scope| {
        let spawn = |items| thread::Builder::new().spawn_scoped(scope, move || work_on(items));
        let workers: Vec<_> = others.chunks(share).map(|items| (items, spawn(items))).collect();
        let mut results = Vec::with_capacity(items.len());
        results.extend(work_on(first));
        for (items, worker) in workers {
            results.extend(match worker {
                Ok(worker) => worker.join().unwrap_or_else(|payload| panic::resume_unwind(payload)),
                Err(_) => work_on(items),
            });
        }
        results
    })
}

/// How many processors there are for this process. Asking takes several system calls, so that is done once.
fn processors() -> usize {
    static PROCESSORS: OnceLock<usize> = OnceLock::new();
    *PROCESSORS.get_or_init(|| thread::available_parallelism().map_or(1, NonZero::get))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items() {
        for count in [0, 1, 2, 7, 100] {
            let items: Vec<usize> = (0..count).collect();
            let doubled: Vec<usize> = items.iter().map(|item| item * 2).collect();
            for least in [0, 1, 3, 1000] {
                assert_eq!(map(&items, least, |item| item * 2), doubled);
            }
        }
    }

    #[test]
    #[should_panic(expected = "the last one")]
    fn panics_are_passed_on() {
        map(&[1, 2, 3, 4], 1, |item| assert_ne!(*item, 4, "the last one"));
    }
}
