//! What a browser sees: a small page at `/`, 404 elsewhere. On axum's router, which WebHDFS
//! requests do not pass.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Html;
use axum::routing::get;
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use tower::ServiceExt;

use crate::body::Body;
use metafs_door::Backend;

/// The pages.
pub(crate) struct Pages {
    router: Router,
}

impl Pages {
    /// Pages about `backend`.
    pub(crate) fn new<B: Backend>(backend: Arc<B>) -> Self {
        let router = Router::new()
            .route("/", get(front::<B>))
            .fallback(async || (StatusCode::NOT_FOUND, "Not found. WebHDFS is at /webhdfs/v1\n"))
            .with_state(backend);
        Self { router }
    }

    /// The response to `request`.
    pub(crate) async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let request = request.map(axum::body::Body::new);
        match self.router.clone().oneshot(request).await {
            Ok(response) => response.map(Body::Page),
            Err(never) => match never {},
        }
    }
}

async fn front<B: Backend>(State(backend): State<Arc<B>>) -> Html<String> {
    let role = backend.ha_state();
    let name = match backend.settings() {
        Ok(settings) => escape(&settings.nameservice),
        Err(_) => "not formed yet".to_owned(),
    };
    Html(format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>metafs: {name}\
         </title></head>\n<body><h1>metafs: {name}</h1>\n<p>This server is <b>{role}</b>.</p>\n\
         <p>Files: <a href=\"/webhdfs/v1/?op=LISTSTATUS\">/webhdfs/v1/?op=LISTSTATUS</a>, by the \
         <a href=\"https://hadoop.apache.org/docs/stable/hadoop-project-dist/hadoop-hdfs/\
         WebHDFS.html\">WebHDFS REST API</a>.</p></body></html>\n"
    ))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
