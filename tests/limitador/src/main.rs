//! Envoy's rate limit service for the tests of a fleet: the `limitador` crate, with its limits and its Redis storage.
//!
//!     limitador-for-tests LIMITS REDIS_URL [PORT]
//!
//! It listens on loopback, prints the port and serves until its standard input ends.

mod envoy;
mod service;

use std::{env, error::Error, fs, sync::Arc};

use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    io::{AsyncReadExt, stdin},
    net::{TcpListener, TcpStream},
};
use tonic::server::Grpc;
use tonic_prost::ProstCodec;

use service::{Limits, ShouldRateLimit};

const METHOD: &str = "/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (limits, redis, port) = match &*arguments {
        [limits, redis] => (limits, redis, 0),
        [limits, redis, port] => (limits, redis, port.parse()?),
        _ => return Err("expected LIMITS REDIS_URL [PORT]".into()),
    };
    let limits = serde_yaml::from_str(&fs::read_to_string(limits)?)?;
    let service = ShouldRateLimit(Arc::new(Limits::counted_at(redis, limits).await?));
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("{}", listener.local_addr()?.port());
    let mut nothing = Vec::new();
    let mut stdin = stdin();
    tokio::select! {
        ended = stdin.read_to_end(&mut nothing) => { ended?; }
        () = serve(listener, service) => {}
    }
    // The thread that reads the standard input cannot be joined.
    std::process::exit(0)
}

async fn serve(listener: TcpListener, service: ShouldRateLimit) {
    loop {
        if let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(converse(connection, service.clone()));
        }
    }
}

/// One connection of an Envoy's.
async fn converse(connection: TcpStream, service: ShouldRateLimit) {
    let answer = hyper::service::service_fn(move |request: http::Request<hyper::body::Incoming>| {
        let service = service.clone();
        async move {
            if request.uri().path() != METHOD {
                return Ok::<_, std::convert::Infallible>(tonic::Status::unimplemented("another method").into_http());
            }
            Ok(Grpc::new(ProstCodec::default()).unary(service, request).await)
        }
    });
    let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(connection), answer);
    if let Err(error) = connection.await {
        eprintln!("limitador: {error}");
    }
}
