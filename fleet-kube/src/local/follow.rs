//! Waiting for a GitRepo: a report after each change of what it is made from.

use std::ops::ControlFlow;
use std::sync::Arc;

use fleet_core::api::{Bundle, BundleDeployment, GitRepo};
use kube::Client;
use kube::api::Api;
use kube::runtime::watcher;
use serde::de::DeserializeOwned;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinSet;

use super::{Report, report};
use crate::watch;

/// Reports on a GitRepo at once and after each change, until `handle` breaks; gives what it broke with. Changes that come
/// while a report is made are answered by one more.
///
/// # Errors
///
/// What the hub answered to a report.
pub async fn follow<B>(
    hub: &Client,
    namespace: &str,
    name: &str,
    mut handle: impl FnMut(Report) -> ControlFlow<B>,
) -> Result<B, kube::Error> {
    let news = Arc::new(Notify::new());
    let mut watches = JoinSet::new();
    notify::<GitRepo>(hub, &news, &mut watches);
    notify::<Bundle>(hub, &news, &mut watches);
    notify::<BundleDeployment>(hub, &news, &mut watches);
    loop {
        if let ControlFlow::Break(value) = handle(report(hub, namespace, name).await?) {
            return Ok(value);
        }
        news.notified().await;
    }
}

fn notify<T>(hub: &Client, news: &Arc<Notify>, watches: &mut JoinSet<()>)
where
    T: kube::Resource<DynamicType = ()> + Clone + std::fmt::Debug + DeserializeOwned + Send + 'static,
{
    let (api, news) = (Api::<T>::all(hub.clone()), news.clone());
    let (sender, _) = oneshot::channel();
    watches.spawn(async move { watch::follow(api, watcher::Config::default(), sender, |_| news.notify_one()).await });
}
