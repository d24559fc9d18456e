//! Upstream's flags of logging. They are taken, so that a command line of upstream's runs; what is logged here `RUST_LOG` says.

use clap::Args;

/// The flags.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Logging (taken and without effect here: see RUST_LOG)")]
pub struct LoggingFlags {
    /// Log more.
    #[arg(long)]
    pub debug: bool,
    /// How much more.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub debug_level: i64,
    /// Log for developers.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub zap_devel: Option<bool>,
    /// Form of lines: `json` or `console`.
    #[arg(long, value_name = "FORM")]
    pub zap_encoder: Option<String>,
    /// Least level that is logged.
    #[arg(long, value_name = "LEVEL")]
    pub zap_log_level: Option<String>,
    /// Least level that is logged with a trace.
    #[arg(long, value_name = "LEVEL")]
    pub zap_stacktrace_level: Option<String>,
    /// Form of times.
    #[arg(long, value_name = "FORM")]
    pub zap_time_encoding: Option<String>,
}
