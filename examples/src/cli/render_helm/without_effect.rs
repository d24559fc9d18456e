//! Flags of `helm template` that do not change what it prints: accepted, so that scripts go on.

use std::io::Write;

use clap::Args;

/// Flags that only matter to `helm install`, or to nothing.
#[derive(Clone, Debug, Default, Args)]
pub struct WithoutEffect {
    /// Only matters to `helm install`.
    #[arg(long, hide = true)]
    pub create_namespace: bool,
    /// Only matters to `helm install`; Helm says it is deprecated.
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub atomic: Option<bool>,
    /// As `--atomic` is called now.
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub rollback_on_failure: Option<bool>,
    /// How long or for what to wait.
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "watcher")]
    pub wait: Option<String>,
    /// Whether to wait for jobs.
    #[arg(long, hide = true)]
    pub wait_for_jobs: bool,
    /// How long to wait.
    #[arg(long, hide = true)]
    pub timeout: Option<String>,
    /// Where nothing is asked of a cluster, as here; `server` is not possible.
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "client", value_parser = ["client", "none", "false", "true"])]
    pub dry_run: Option<String>,
    /// Schemas of the cluster, which is not asked.
    #[arg(long, hide = true)]
    pub disable_openapi_validation: bool,
    /// What the release record says.
    #[arg(long, hide = true)]
    pub description: Option<String>,
    /// Labels of the release record.
    #[arg(short, long, hide = true)]
    pub labels: Vec<String>,
    /// More to read on the standard error.
    #[arg(long, hide = true)]
    pub debug: bool,
    /// Notes are never printed; Helm says it is deprecated.
    #[arg(long, hide = true)]
    pub hide_notes: bool,
    /// As `--hide-notes`.
    #[arg(long, hide = true)]
    pub render_subchart_notes: bool,
}

impl WithoutEffect {
    /// What Helm says about flags that are going away.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn warn(&self, errors: &mut dyn Write) -> std::io::Result<()> {
        let gone = "this flag has no effect for 'helm template' and will be removed in Helm 5";
        let warnings = [
            ("atomic", self.atomic.is_some(), "use --rollback-on-failure instead"),
            ("hide-notes", self.hide_notes, gone),
            ("render-subchart-notes", self.render_subchart_notes, gone),
        ];
        for (flag, _, advice) in warnings.into_iter().filter(|(_, given, _)| *given) {
            writeln!(errors, "Flag --{flag} has been deprecated, {advice}")?;
        }
        Ok(())
    }
}
