//! Label selectors: parse, match, index.
