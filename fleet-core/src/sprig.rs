//! The sprig function library for `template`, one file a family.
