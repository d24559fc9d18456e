//! A queue of keys to reconcile: each key at most once in it and in one worker at a time, failures with a growing delay.
//!
//! Invariants: a key that is added while a worker has it is handed out again once that worker is done; nothing is lost;
//! delays are per key and end with the first success.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Debug;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// Shortest delay after a failure, as controller-runtime's default.
const FIRST_DELAY: Duration = Duration::from_millis(5);
/// Longest delay after a failure.
const LONGEST_DELAY: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(crate) struct Queue<K> {
    state: Mutex<State<K>>,
    news: Notify,
    closed: Notify,
}

#[derive(Debug)]
struct State<K> {
    ready: VecDeque<K>,
    queued: BTreeSet<K>,
    running: BTreeSet<K>,
    again: BTreeSet<K>,
    delayed: BTreeMap<K, Instant>,
    failures: BTreeMap<K, u32>,
    closed: bool,
}

impl<K: Ord + Clone + Debug> Queue<K> {
    pub(crate) fn new() -> Self {
        let state = State {
            ready: VecDeque::new(),
            queued: BTreeSet::new(),
            running: BTreeSet::new(),
            again: BTreeSet::new(),
            delayed: BTreeMap::new(),
            failures: BTreeMap::new(),
            closed: false,
        };
        Self {
            state: Mutex::new(state),
            news: Notify::new(),
            closed: Notify::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<K>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands the key out soon.
    pub(crate) fn add(&self, key: K) {
        self.lock().add(key);
        self.news.notify_one();
    }

    /// Hands the key out after the delay, or earlier where it is already due earlier.
    pub(crate) fn add_after(&self, key: K, delay: Duration) {
        let due = Instant::now() + delay;
        let mut state = self.lock();
        let entry = state.delayed.entry(key).or_insert(due);
        *entry = (*entry).min(due);
        drop(state);
        self.news.notify_one();
    }

    /// The next key, for one worker; `None` once the queue is closed.
    pub(crate) async fn next(&self) -> Option<K> {
        loop {
            let due = {
                let mut state = self.lock();
                if state.closed {
                    return None;
                }
                let now = Instant::now();
                state.release(now);
                if let Some(key) = state.ready.pop_front() {
                    state.queued.remove(&key);
                    state.running.insert(key.clone());
                    if !state.ready.is_empty() {
                        self.news.notify_one();
                    }
                    return Some(key);
                }
                state.delayed.values().min().copied()
            };
            match due {
                Some(due) => {
                    let _ = tokio::time::timeout_at(due, self.news.notified()).await;
                }
                None => self.news.notified().await,
            }
        }
    }

    /// The worker is done with the key; with a delay it comes again.
    pub(crate) fn done(&self, key: &K, after: Option<Duration>) {
        let mut state = self.lock();
        state.failures.remove(key);
        if let Some(delay) = after {
            let due = Instant::now() + delay;
            let entry = state.delayed.entry(key.clone()).or_insert(due);
            *entry = (*entry).min(due);
        }
        state.finish(key);
        drop(state);
        self.news.notify_one();
    }

    /// The worker failed on the key: it comes again after a delay that doubles each time. Gives that delay.
    pub(crate) fn failed(&self, key: &K) -> Duration {
        let mut state = self.lock();
        let count = state.failures.entry(key.clone()).or_insert(0);
        let delay = FIRST_DELAY
            .saturating_mul(2u32.saturating_pow(*count))
            .min(LONGEST_DELAY);
        *count += 1;
        state.delayed.insert(key.clone(), Instant::now() + delay);
        state.finish(key);
        drop(state);
        self.news.notify_one();
        delay
    }

    /// Resolves once the queue is closed.
    pub(crate) async fn closed(&self) {
        loop {
            let closed = self.closed.notified();
            if self.lock().closed {
                return;
            }
            closed.await;
        }
    }

    /// Every worker gets `None` from now on.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.closed.notify_waiters();
        self.news.notify_waiters();
        self.news.notify_one();
    }
}

impl<K: Ord + Clone> State<K> {
    fn add(&mut self, key: K) {
        if self.running.contains(&key) {
            self.again.insert(key);
        } else if self.queued.insert(key.clone()) {
            self.ready.push_back(key);
        }
    }

    fn release(&mut self, now: Instant) {
        let due: Vec<K> = self
            .delayed
            .iter()
            .filter(|(_, due)| **due <= now)
            .map(|(key, _)| key.clone())
            .collect();
        for key in due {
            self.delayed.remove(&key);
            self.add(key);
        }
    }

    fn finish(&mut self, key: &K) {
        self.running.remove(key);
        if self.again.remove(key) {
            self.add(key.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_key_is_in_one_worker_at_a_time_and_is_not_lost() {
        let queue = Queue::new();
        queue.add(1);
        queue.add(1);
        assert_eq!(queue.next().await, Some(1));
        queue.add(1);
        let waited = tokio::time::timeout(Duration::from_secs(1), queue.next()).await;
        assert!(waited.is_err(), "the key is in a worker");
        queue.done(&1, None);
        assert_eq!(queue.next().await, Some(1));
    }

    #[tokio::test(start_paused = true)]
    async fn failures_wait_longer_each_time_and_a_success_ends_that() {
        let queue = Queue::new();
        queue.add("a");
        let mut delays = Vec::new();
        for _ in 0..3 {
            let key = queue.next().await.unwrap();
            delays.push(queue.failed(&key).as_millis());
        }
        assert_eq!(delays, [5, 10, 20]);
        let key = queue.next().await.unwrap();
        queue.done(&key, None);
        queue.add("a");
        let key = queue.next().await.unwrap();
        assert_eq!(queue.failed(&key).as_millis(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn closing_ends_waiting_workers() {
        let queue = std::sync::Arc::new(Queue::<u8>::new());
        let worker = tokio::spawn({
            let queue = queue.clone();
            async move { queue.next().await }
        });
        tokio::task::yield_now().await;
        queue.close();
        assert_eq!(worker.await.unwrap(), None);
    }
}
