//! The same server on a socket, for clients in other processes.

use std::net::SocketAddr;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::EmbeddedError;
use super::service::ApiService;

/// What stands where a real cluster's certificate authority stands: the embedded server speaks plain HTTP on loopback.
pub(super) const CA_PLACEHOLDER: &str =
    "-----BEGIN CERTIFICATE-----\n(the embedded API server speaks plain HTTP)\n-----END CERTIFICATE-----\n";

/// A server that listens. Ends when it is dropped or [`shutdown`](Served::shutdown).
#[derive(Debug)]
pub struct Served {
    /// Where it listens.
    pub address: SocketAddr,
    stop: CancellationToken,
    task: Option<tokio::task::JoinHandle<()>>,
}

impl Served {
    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops listening and ends all connections, watches among them.
    pub async fn shutdown(mut self) {
        self.stop.cancel();
        if let Some(task) = self.task.take() {
            // The task only ends by itself or by the end of the runtime; either way it is over.
            let _ = task.await;
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

pub(super) async fn serve(service: ApiService, address: SocketAddr) -> Result<Served, EmbeddedError> {
    if !address.ip().is_loopback() {
        return Err(EmbeddedError::NotLoopback { address });
    }
    let listener = TcpListener::bind(address)
        .await
        .map_err(|source| EmbeddedError::Listen { address, source })?;
    let address = listener
        .local_addr()
        .map_err(|source| EmbeddedError::Listen { address, source })?;
    let stop = CancellationToken::new();
    let task = tokio::spawn(accept(listener, service, stop.clone()));
    Ok(Served {
        address,
        stop,
        task: Some(task),
    })
}

async fn accept(listener: TcpListener, service: ApiService, stop: CancellationToken) {
    let mut connections = JoinSet::new();
    loop {
        let stream = tokio::select! {
            () = stop.cancelled() => break,
            // Finished connections are taken off as they end.
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Out of descriptors, or the client is gone already: neither is a reason to stop.
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                }
            },
        };
        let _ = stream.set_nodelay(true);
        let service = TowerToHyperService::new(service.clone());
        connections.spawn(async move {
            if let Err(error) = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await
            {
                tracing::debug!(%error, "connection ended");
            }
        });
    }
    connections.shutdown().await;
}
