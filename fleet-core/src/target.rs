//! Which clusters a bundle reaches, and with which options.
