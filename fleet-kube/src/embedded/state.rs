//! The state that all handlers of one server share.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Workloads;
use super::authorization::Bindings;
use super::identity::Identity;
use super::recorder::{Faults, Requests};
use super::registry::Registry;
use super::store::Store;
use super::watch::Pace;

/// What the builder chose.
#[derive(Debug, Clone)]
pub(super) struct Config {
    pub(super) version: String,
    pub(super) workloads: Workloads,
    pub(super) pace: Pace,
    pub(super) track_updates: bool,
}

/// One server.
pub(super) struct State {
    pub(super) config: Config,
    pub(super) store: Store,
    pub(super) bindings: Bindings,
    pub(super) requests: Requests,
    pub(super) faults: Faults,
    registry: RwLock<Arc<Registry>>,
    tokens: RwLock<HashMap<String, Identity>>,
    /// Held while changes are reacted to: one at a time, in order.
    pub(super) settling: Mutex<()>,
    seed: [u8; 32],
    counter: AtomicU64,
    addresses: AtomicU64,
}

impl State {
    pub(super) fn new(config: Config, history: usize, queue: usize, log: usize) -> Self {
        State {
            config,
            store: Store::new(history, queue),
            bindings: Bindings::default(),
            requests: Requests::new(log),
            faults: Faults::default(),
            registry: RwLock::new(Registry::builtin()),
            tokens: RwLock::default(),
            settling: Mutex::default(),
            seed: random_seed(),
            counter: AtomicU64::new(0),
            addresses: AtomicU64::new(10),
        }
    }

    pub(super) fn registry(&self) -> Arc<Registry> {
        self.registry.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_registry(&self, registry: Registry) {
        *self.registry.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(registry);
    }

    pub(super) fn identity_of_token(&self, token: &str) -> Option<Identity> {
        self.tokens
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(token)
            .cloned()
    }

    pub(super) fn add_token(&self, token: String, identity: Identity) {
        self.tokens
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(token, identity);
    }

    pub(super) fn remove_token(&self, token: &str) {
        self.tokens
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(token);
    }

    pub(super) fn remove_tokens_of(&self, user: &str) {
        self.tokens
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|_, identity| identity.user != user);
    }

    /// 32 bytes that nobody can guess and that no earlier call gave.
    fn unique(&self) -> [u8; 32] {
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        Sha256::new()
            .chain_update(self.seed)
            .chain_update(number.to_le_bytes())
            .finalize()
            .into()
    }

    pub(super) fn tokens(&self) -> Vec<(String, Identity)> {
        let tokens = self.tokens.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = tokens.iter().map(|(t, i)| (t.clone(), i.clone())).collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    }

    /// Numbers for addresses and ports.
    pub(super) fn next_address(&self) -> u64 {
        self.addresses.fetch_add(1, Ordering::Relaxed)
    }

    /// A uid in the form of RFC 9562 version 4.
    pub(super) fn new_uid(&self) -> String {
        let mut b = self.unique();
        b[6] = (b[6] & 0x0f) | 0x40;
        b[8] = (b[8] & 0x3f) | 0x80;
        let hex: String = b[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        format!(
            "{}-{}-{}-{}-{}",
            &hex[..8],
            &hex[8..12],
            &hex[12..16],
            &hex[16..20],
            &hex[20..]
        )
    }

    /// The suffix that `generateName` gets (`k8s.io/apimachinery/pkg/util/rand`: no vowels, no digits like them).
    pub(super) fn name_suffix(&self, length: usize) -> String {
        const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
        self.unique()
            .iter()
            .take(length)
            .map(|b| ALPHABET[usize::from(*b) % ALPHABET.len()] as char)
            .collect()
    }

    /// A bearer token for `identity`, valid from now on. It has the three parts of a JSON web token and readable claims, since
    /// clients take tokens apart, but its signature is only a random text: the server knows its tokens by heart.
    pub(super) fn new_token(&self, identity: &Identity, audience_claims: Value) -> String {
        use base64::Engine as _;
        let encode = |bytes: &[u8]| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
        let mut claims = json!({ "iss": "kubernetes/serviceaccount", "sub": identity.user });
        if let (Some(claims), Value::Object(more)) = (claims.as_object_mut(), audience_claims) {
            claims.extend(more);
        }
        let header = json!({ "alg": "RS256", "kid": "embedded" });
        let token = format!(
            "{}.{}.{}",
            encode(header.to_string().as_bytes()),
            encode(claims.to_string().as_bytes()),
            encode(&self.unique())
        );
        self.add_token(token.clone(), identity.clone());
        token
    }

    /// Now, in whole seconds, as `metav1.Time` prints it.
    pub(super) fn now(&self) -> String {
        jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }
}

fn random_seed() -> [u8; 32] {
    use std::hash::{BuildHasher, Hasher};
    // The standard library's keys for hash maps are random for each process and differ at each call.
    let mut hash = Sha256::new();
    for _ in 0..4 {
        let number = std::collections::hash_map::RandomState::new().build_hasher().finish();
        hash.update(number.to_le_bytes());
    }
    hash.update(jiff::Timestamp::now().as_nanosecond().to_le_bytes());
    hash.finalize().into()
}

impl Default for Pace {
    fn default() -> Self {
        Pace {
            bookmark: Duration::from_secs(60),
            timeout: Duration::from_secs(45 * 60),
        }
    }
}
