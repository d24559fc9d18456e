//! Reports beside results: what a reader or scanner has to say about its input.
