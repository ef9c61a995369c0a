//! The service under the project's own client in the same process: no sockets, no threads.

use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use metafs_tablestore::{Transport, TransportError};

use crate::service::{Reply, Service};

/// The request was cut off on purpose.
#[derive(Debug, thiserror::Error)]
#[error("cut by a fault")]
struct Cut;

/// A [`Transport`] into a [`Service`]. The work is done when the future is first polled, delays
/// of faults come after it; a store on disk blocks the poller.
#[derive(Clone, Debug)]
pub struct LocalTransport {
    service: Arc<Service>,
}

impl LocalTransport {
    /// To this service.
    pub fn new(service: Arc<Service>) -> Self {
        Self { service }
    }
}

impl Transport for LocalTransport {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>> {
        async move {
            let (parts, body) = request.into_parts();
            let Reply { response, delay } = self.service.handle(&parts, body);
            if !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            response.ok_or_else(|| TransportError::NoAnswer(Box::new(Cut)))
        }
        .boxed()
    }
}
