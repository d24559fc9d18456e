//! Sources for the Fleet SDK.
