//! Helm: charts, values, rendering, hooks, release records.
