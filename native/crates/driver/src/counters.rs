//! What a worker counts.

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Counts of one worker's socket work, since its start.
        #[derive(Clone, Copy, Debug, Default)]
        pub struct Counters {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl Counters {
            /// Each counter with its name.
            pub fn entries(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($name), self.$name),)*].into_iter()
            }
        }
    };
}

counters! {
    /// Calls of epoll_wait that returned.
    socket_wakeups,
    /// Times a worker let packets gather before it looked at them.
    socket_pauses,
    /// Calls of recvmmsg that returned datagrams.
    socket_receive_calls,
    /// Datagrams received, GRO undone.
    socket_receive_datagrams,
    /// Bytes of them.
    socket_receive_bytes,
    /// Errors of recvmmsg other than "nothing there".
    socket_receive_errors,
    /// Datagrams the kernel dropped because a socket's receive buffer was full.
    socket_receive_overflows,
    /// Calls of sendmmsg that sent something.
    socket_send_calls,
    /// Runs (one datagram, or several by UDP_SEGMENT) sent.
    socket_send_runs,
    /// Datagrams sent.
    socket_send_datagrams,
    /// Bytes of them.
    socket_send_bytes,
    /// Datagrams that could not be sent: unreachable, refused, no buffers.
    socket_send_errors,
    /// Times a socket was full and the worker waited for it.
    socket_send_blocked,
    /// Datagrams dropped because a socket stayed full for too long.
    socket_send_drops,
    /// Runs that were refused by UDP_SEGMENT and sent one by one.
    socket_gso_fallbacks,
    /// TCP connections accepted.
    stream_accepted,
    /// TCP connections closed at once: too many of them, of one address or of nobody's.
    stream_refused,
    /// Accepted TCP connections that have ended, for whatever reason.
    stream_ended,
    /// Of them, those that no peer has shown to be its own in time.
    stream_unproven,
    /// Those that sent something else than datagrams with their lengths, or no STUN first.
    stream_malformed,
    /// Those that took nothing for too long while something waited.
    stream_stalled,
    /// Datagrams received over TCP.
    stream_receive_datagrams,
    /// Bytes read from TCP connections.
    stream_receive_bytes,
    /// Datagrams sent over TCP, or waiting to be.
    stream_send_datagrams,
    /// Bytes written to TCP connections.
    stream_send_bytes,
    /// Datagrams dropped because their TCP connection takes too little, or has ended.
    stream_send_drops,
    /// Bytes of them.
    stream_send_dropped_bytes,
}

impl Counters {
    /// TCP connections that are open.
    #[must_use]
    pub fn open_streams(&self) -> u64 {
        self.stream_accepted - self.stream_ended
    }
}
