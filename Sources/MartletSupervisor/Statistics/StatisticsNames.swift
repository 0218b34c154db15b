import MartletLoop
import MartletServer

// Each group's table of names, kinds, units and help. The switches are exhaustive: a counter cannot be added without
// saying what it means.

/// What the supervisor knows of a worker's process, from /proc; written by the supervisor.
public nonisolated enum ProcessCounter: Int, StatisticsName {
    /// When the process started, in seconds since 1970.
    case startedAtUnix
    /// CPU time in user mode.
    case userMicroseconds
    /// CPU time in the kernel.
    case systemMicroseconds
    /// Resident memory, shared pages included.
    case residentBytes
    /// Resident memory that no other process shares; 0 when the kernel does not tell.
    case privateBytes
    /// Open descriptors; 0 when the kernel does not tell.
    case openDescriptors

    /// Where the group starts in a block.
    public static var firstWord: Int { StatisticsLayout.process }

    /// What the figure is called and means.
    public var field: StatisticsField {
        switch self {
        case .startedAtUnix: .init("process_started_at", .timestamp, "When the newest process started", .seconds)
        case .userMicroseconds: .init("process_user_microseconds", .counter, "CPU time in user mode", .microseconds)
        case .systemMicroseconds:
            .init("process_system_microseconds", .counter, "CPU time in the kernel", .microseconds)
        case .residentBytes: .init("process_resident_bytes", .gauge, "Resident memory, shared pages included", .bytes)
        case .privateBytes: .init("process_private_bytes", .gauge, "Resident memory of this process alone", .bytes)
        case .openDescriptors: .init("process_open_descriptors", .gauge, "Open file descriptors")
        }
    }
}

/// What happened to the workers of a slot; written by the supervisor.
public nonisolated enum SlotCounter: Int, StatisticsName {
    /// Workers started, for whatever reason.
    case workersStarted
    /// Workers that ended without being asked to and were replaced.
    case respawns
    /// Workers killed because their loop stood still.
    case stalls
    /// Workers killed because they had not ended by their drain timeout.
    case drainKills

    /// Where the group starts in a block.
    public static var firstWord: Int { StatisticsLayout.slot }

    /// What the figure is called and means.
    public var field: StatisticsField {
        switch self {
        case .workersStarted: .init("workers_started", .counter, "Workers started, for whatever reason")
        case .respawns: .init("respawns", .counter, "Workers that ended unasked and were replaced")
        case .drainKills: .init("drain_kills", .counter, "Workers killed because they had not ended in time")
        case .stalls: .init("stalls", .counter, "Workers killed because their loop stood still")
        }
    }
}

/// What happened to the service as a whole; written by the supervisor.
public nonisolated enum ServiceCounter: Int, StatisticsName {
    /// Reloads that replaced every worker.
    case reloadsSucceeded
    /// Reloads that were refused or failed, with the old generation going on.
    case reloadsFailed
    /// When the last reload ended, in seconds since 1970; 0 if there was none.
    case lastReloadAtUnix
    /// Series of the application's metrics that had no room.
    case metricsDropped
    /// Messages that workers have sent to all others.
    case busMessages
    /// The bytes of these messages.
    case busBytes
    /// Messages on the bus that found no room, with their sender or with one of the receivers.
    case busDropped
    /// Reloads of the certificates that took effect.
    case certificateReloadsSucceeded
    /// Reloads of the certificates that were refused or failed.
    case certificateReloadsFailed

    /// Where the group starts in a block.
    public static var firstWord: Int { StatisticsLayout.service }

    /// What the figure is called and means.
    public var field: StatisticsField {
        switch self {
        case .reloadsSucceeded: .init("reloads_succeeded", .counter, "Reloads that replaced every worker")
        case .reloadsFailed: .init("reloads_failed", .counter, "Reloads refused or failed; the old workers went on")
        case .lastReloadAtUnix: .init("last_reload_at", .timestamp, "When the last reload ended", .seconds)
        case .metricsDropped: .init("metrics_dropped", .gauge, "Series of the application's metrics without room")
        case .busMessages: .init("bus_messages", .counter, "Messages that workers sent to all others")
        case .busBytes: .init("bus_bytes", .counter, "Bytes of messages that workers sent to all others", .bytes)
        case .busDropped: .init("bus_dropped", .counter, "Messages between workers that found a queue full")
        case .certificateReloadsSucceeded:
            .init("certificate_reloads_succeeded", .counter, "Reloads of the certificates that took effect")
        case .certificateReloadsFailed:
            .init("certificate_reloads_failed", .counter, "Reloads of the certificates refused; the old ones went on")
        }
    }
}

/// What statistics tell of the time from a request's first byte to the response's last, computed from the histogram.
public nonisolated enum LatencyFigure: Int, StatisticsName {
    case count, totalNanoseconds, median, percentile90, percentile99, percentile999, longest

    /// Where the group starts in `StatisticsValues`: in place of the histogram.
    public static var firstWord: Int { StatisticsLayout.latency }

    /// The quantile that a figure is; `nil` for the count and the sum.
    var quantile: Double? {
        switch self {
        case .count, .totalNanoseconds: nil
        case .median: 0.5
        case .percentile90: 0.9
        case .percentile99: 0.99
        case .percentile999: 0.999
        case .longest: 1
        }
    }

    /// What the figure is called and means.
    public var field: StatisticsField {
        switch self {
        case .count: .init("latency_count", .counter, "Requests whose latency was measured")
        case .totalNanoseconds: .init("latency_total_nanoseconds", .counter, "Sum of all latencies", .nanoseconds)
        case .median: .init("latency_p50_nanoseconds", .gauge, "Latency that half of all requests kept", .nanoseconds)
        case .percentile90: .init("latency_p90_nanoseconds", .gauge, "Latency that 90 % kept", .nanoseconds)
        case .percentile99: .init("latency_p99_nanoseconds", .gauge, "Latency that 99 % kept", .nanoseconds)
        case .percentile999: .init("latency_p999_nanoseconds", .gauge, "Latency that 99.9 % kept", .nanoseconds)
        case .longest: .init("latency_max_nanoseconds", .maximum, "The longest latency", .nanoseconds)
        }
    }
}

extension LoopCounter: StatisticsName {
    /// Where the group starts in a block.
    public nonisolated static var firstWord: Int { StatisticsLayout.loop }

    /// What the figure is called and means.
    public nonisolated var field: StatisticsField {
        switch self {
        case .ticks: .init("loop_ticks", .counter, "Turns of the event loop")
        case .busyNanoseconds: .init("loop_busy_nanoseconds", .counter, "Time not spent waiting", .nanoseconds)
        case .longestTickNanoseconds: .init("loop_longest_tick_nanoseconds", .maximum, "The longest turn", .nanoseconds)
        case .jobs: .init("loop_jobs", .counter, "Jobs, callbacks and timers run")
        case .events: .init("loop_events", .counter, "Readiness events returned by the poller")
        }
    }
}

extension HTTPCounter: StatisticsName {
    /// Where the group starts in a block.
    public nonisolated static var firstWord: Int { StatisticsLayout.http }

    /// What the figure is called and means.
    public nonisolated var field: StatisticsField {
        switch self {
        case .connectionsAccepted: .init("connections_accepted", .counter, "Connections accepted")
        case .connectionsClosed: .init("connections_closed", .counter, "Connections closed, by whichever side")
        case .connectionsActive: .init("connections_active", .gauge, "Connections open now")
        case .connectionLimitPauses:
            .init("connection_limit_pauses", .counter, "Rests of accepting because limits.connections was reached")
        case .acceptPauses: .init("accept_pauses", .counter, "Pauses because descriptors or memory ran out")
        case .requests: .init("requests", .counter, "Requests whose head was parsed")
        case .responses1xx: .init("responses_1xx", .counter, "Informational responses")
        case .responses2xx: .init("responses_2xx", .counter, "Successful responses")
        case .responses3xx: .init("responses_3xx", .counter, "Redirections")
        case .responses4xx: .init("responses_4xx", .counter, "Responses that blame the client")
        case .responses5xx: .init("responses_5xx", .counter, "Responses that blame the server")
        case .bytesReceived: .init("bytes_received", .counter, "Bytes received from clients", .bytes)
        case .bytesSent: .init("bytes_sent", .counter, "Bytes sent to clients", .bytes)
        case .protocolErrors: .init("protocol_errors", .counter, "Requests refused because they broke the protocol")
        case .handlerErrors: .init("handler_errors", .counter, "Handlers that failed unexpectedly")
        case .timeouts: .init("timeouts", .counter, "Connections closed because the peer let a deadline pass")
        case .connectionsRefused: .init("connections_refused", .counter, "Connections beyond the limit, told 503")
        case .requestsRefused: .init("requests_refused", .counter, "Requests beyond a limit of concurrency, told 503")
        case .requestsRateLimited: .init("requests_rate_limited", .counter, "Requests beyond a rate, told 429")
        case .rateLimitsForgiven:
            .init("rate_limits_forgiven", .counter, "Clients forgotten by a full rate limit table")
        case .targetsTooLong: .init("targets_too_long", .counter, "Request lines beyond the limit, told 414")
        case .headsTooLarge: .init("heads_too_large", .counter, "Fields beyond the limits, told 431")
        case .bodiesTooLarge: .init("bodies_too_large", .counter, "Bodies beyond a limit, told 413")
        case .clientsGone: .init("clients_gone", .counter, "Requests given up because their client was gone")
        case .webSocketsOpened: .init("websockets_opened", .counter, "WebSockets opened")
        case .webSocketsActive: .init("websockets_active", .gauge, "WebSockets open now")
        case .webSocketMessagesReceived:
            .init("websocket_messages_received", .counter, "Messages received on WebSockets")
        case .webSocketMessagesSent: .init("websocket_messages_sent", .counter, "Messages sent on WebSockets")
        case .webSocketBytesReceived:
            .init("websocket_bytes_received", .counter, "Bytes received on WebSockets, as they came", .bytes)
        case .webSocketBytesSent:
            .init("websocket_bytes_sent", .counter, "Bytes sent on WebSockets, as they went", .bytes)
        case .webSocketPayloadReceived:
            .init("websocket_payload_received", .counter, "Bytes of the messages received, inflated", .bytes)
        case .webSocketPayloadSent:
            .init("websocket_payload_sent", .counter, "Bytes of the messages sent, before compression", .bytes)
        case .webSocketWaitNanoseconds:
            .init("websocket_wait_nanoseconds", .counter, "Time that senders waited for slow peers", .nanoseconds)
        case .webSocketMessagesDropped:
            .init("websocket_messages_dropped", .counter, "Messages not sent to peers that read too slowly")
        case .webSocketsClosedNormally:
            .init("websockets_closed_normally", .counter, "WebSockets closed with 1000, 1001 or without a code")
        case .webSocketsClosedForErrors:
            .init("websockets_closed_for_errors", .counter, "WebSockets whose peer broke the protocol or a limit")
        case .webSocketsClosedForSlowness:
            .init("websockets_closed_for_slowness", .counter, "WebSockets whose peer read too slowly or was silent")
        case .webSocketsLost: .init("websockets_lost", .counter, "WebSockets that ended without a close frame")
        case .webSocketsClosedOtherwise:
            .init("websockets_closed_otherwise", .counter, "WebSockets closed with any other code")
        case .channelsActive: .init("channels_active", .gauge, "Channels that have subscribers now")
        case .channelSubscribers: .init("channel_subscribers", .gauge, "Subscriptions of channels now")
        case .channelMessagesPublished:
            .init("channel_messages_published", .counter, "Messages published on channels")
        case .channelMessagesDelivered:
            .init("channel_messages_delivered", .counter, "Messages of channels sent to sockets, for each socket")
        case .channelMessagesDropped:
            .init("channel_messages_dropped", .counter, "Messages of channels that were too long or too many")
        case .tlsHandshakes: .init("tls_handshakes", .counter, "TLS handshakes completed")
        case .tlsHandshakesResumed: .init("tls_handshakes_resumed", .counter, "TLS handshakes that resumed a session")
        case .tlsHandshakesFailed:
            .init("tls_handshakes_failed", .counter, "TLS handshakes failed, for whatever reason")
        case .tlsHandshakesTimedOut:
            .init("tls_handshakes_timed_out", .counter, "TLS handshakes failed: not done in time")
        case .tlsCertificatesRefused:
            .init("tls_certificates_refused", .counter, "TLS handshakes failed: either side's certificate refused")
        case .tlsProtocolErrors:
            .init("tls_protocol_errors", .counter, "TLS handshakes failed: no TLS, or nothing in common")
        case .tlsHandshakesAbandoned:
            .init("tls_handshakes_abandoned", .counter, "TLS handshakes failed: the client went away")
        case .tlsHandshakesRefused:
            .init("tls_handshakes_refused", .counter, "Connections refused for too many TLS handshakes")
        case .tlsPlainHTTP: .init("tls_plain_http", .counter, "Clients that spoke HTTP without TLS on a TLS port")
        case .tlsHandshakesActive: .init("tls_handshakes_active", .gauge, "TLS handshakes under way")
        case .downloadsStarted: .init("downloads_started", .counter, "Downloads begun, each run of a job counted")
        case .downloadsActive: .init("downloads_active", .gauge, "Downloads under way now")
        case .downloadsSucceeded: .init("downloads_succeeded", .counter, "Downloads that are complete")
        case .downloadsFailed: .init("downloads_failed", .counter, "Downloads that were given up")
        case .downloadsCancelled: .init("downloads_cancelled", .counter, "Downloads that clients have cancelled")
        case .downloadsRefused:
            .init("downloads_refused", .counter, "Downloads not taken, because too many wait or there is no room")
        case .downloadBytes: .init("download_bytes", .counter, "Bytes that downloads have received", .bytes)
        case .bodiesDecoded: .init("bodies_decoded", .counter, "Bodies whose Content-Encoding was undone")
        case .compressionBombs:
            .init("compression_bombs", .counter, "Bodies that grew by too much as they were decoded, told 413")
        case .handlersTimedOut:
            .init("handlers_timed_out", .counter, "Requests whose handler took too long, told 503")
        case .storeRefused:
            .init("store_refused", .counter, "Requests to a store refused because of a limit")
        case .storeUnavailable: .init("store_unavailable", .counter, "Requests whose store could not be used")
        }
    }
}
