//! The world outside for templates that a program renders: the clock, the operating system's randomness, DNS.

use std::net::ToSocketAddrs;

use fleet_core::template::Environment;

/// The system that a program runs on.
#[derive(Clone, Copy, Debug)]
pub struct SystemEnvironment {
    resolve: bool,
}

impl SystemEnvironment {
    /// The system, with or without DNS.
    pub fn new(resolve: bool) -> Self {
        Self { resolve }
    }
}

impl Environment for SystemEnvironment {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }

    fn random(&self, buffer: &mut [u8]) {
        getrandom::fill(buffer).expect("because every system that runs this program has a source of randomness");
    }

    fn time_zone(&self) -> jiff::tz::TimeZone {
        jiff::tz::TimeZone::system()
    }

    fn resolve(&self, host: &str) -> Option<String> {
        if !self.resolve {
            return None;
        }
        let address = (host, 0).to_socket_addrs().ok()?.next()?;
        Some(address.ip().to_string())
    }
}
