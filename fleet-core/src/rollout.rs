//! Partitions and budgets: which clusters may advance now.
