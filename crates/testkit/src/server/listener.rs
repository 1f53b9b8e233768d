//! Sockets: connections are counted, and a request can close its own.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::request::Side;
use crate::log::Log;

/// What carries a connection: TCP, or TLS over it.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A connection that a request can close.
pub(crate) struct Connection {
    stream: Box<dyn Stream>,
    closed: Arc<AtomicBool>,
}

/// Which connection a request came on.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) side: Side,
    closed: Arc<AtomicBool>,
}

impl Caller {
    /// Lets the next write to the connection fail, which closes it.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
    }
}

/// How a socket's connections begin.
#[derive(Clone)]
pub(crate) enum Handshake {
    None,
    #[cfg(feature = "tls")]
    Tls(tokio_rustls::TlsAcceptor),
}

/// A socket of the registry. A handshake takes place beside the others, so a slow client delays nobody.
pub(crate) struct Socket {
    side: Side,
    connections: mpsc::Receiver<Box<dyn Stream>>,
}

impl Socket {
    /// Starts to accept; to be called inside a runtime.
    pub(crate) fn new(listener: std::net::TcpListener, side: Side, handshake: Handshake, log: Log) -> io::Result<Self> {
        let listener = TcpListener::from_std(listener)?;
        let (sender, connections) = mpsc::channel(64);
        tokio::spawn(async move {
            // An error of `accept` belongs to one connection; the next one may be fine.
            while !sender.is_closed() {
                let Ok((stream, _)) = listener.accept().await else {
                    continue;
                };
                log.connected();
                // Without it, small answers over one connection wait for acknowledgements.
                let _ = stream.set_nodelay(true);
                let (sender, handshake) = (sender.clone(), handshake.clone());
                tokio::spawn(async move {
                    let stream: Box<dyn Stream> = match handshake {
                        Handshake::None => Box::new(stream),
                        #[cfg(feature = "tls")]
                        Handshake::Tls(acceptor) => match acceptor.accept(stream).await {
                            Ok(stream) => Box::new(stream),
                            Err(_) => return,
                        },
                    };
                    let _ = sender.send(stream).await;
                });
            }
        });
        Ok(Self { side, connections })
    }
}

impl Listener for Socket {
    type Io = Connection;
    type Addr = Side;

    async fn accept(&mut self) -> (Connection, Side) {
        match self.connections.recv().await {
            Some(stream) => (Connection { stream, closed: Arc::default() }, self.side),
            // The accepting task lives as long as the runtime.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Side> {
        Ok(self.side)
    }
}

impl Connected<IncomingStream<'_, Socket>> for Caller {
    fn connect_info(stream: IncomingStream<'_, Socket>) -> Self {
        Self { side: *stream.remote_addr(), closed: Arc::clone(&stream.io().closed) }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.closed.load(Ordering::SeqCst) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
