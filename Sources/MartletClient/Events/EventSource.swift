import HTTPTypes
import MartletHTTP
import MartletLoop

extension HTTPClient {
    /// The events of a URL, as a browser's EventSource gets them: when the connection ends or fails it is made again, with the
    /// identifier of the last event.
    ///
    /// ```swift
    /// for try await event in client.events(HTTPClientRequest(.get, "https://example.org/prices")) {
    ///     print(event.data ?? "")
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - request: what is asked for; Accept and Last-Event-ID are added.
    ///   - reconnectionTime: how long to wait before the connection is made again, until the server says otherwise; after
    ///     several failures in a row longer, up to a minute.
    public func events(
        _ request: HTTPClientRequest, reconnectionTime: Duration = .seconds(3)
    ) -> EventSource {
        EventSource(client: self, request: request, reconnectionTime: reconnectionTime)
    }
}

/// Events that go on over many connections.
///
/// It ends when the server answers 204, and throws when the server answers with another status that waiting does not mend, or
/// with another media type (WHATWG HTML §9.2.3). Statuses of 429 and 5xx are tried again, and so is everything else that goes
/// wrong with a connection.
public nonisolated struct EventSource: AsyncSequence, Sendable {
    let client: HTTPClient
    let request: HTTPClientRequest
    let reconnectionTime: Duration

    /// Begins anew, with no identifier.
    public func makeAsyncIterator() -> Iterator {
        Iterator(source: self)
    }

    /// The events, in order.
    public struct Iterator: AsyncIteratorProtocol, Sendable {
        private let source: EventSource
        private var events: ResponseEvents.Iterator?
        private var lastEventID = ""
        private var wait: Duration
        private var failures = 0
        private var hasEnded = false

        private static let longestWait: Duration = .seconds(60)
        /// What a server may ask for: neither no wait at all, nor never again.
        private static let waits: ClosedRange<Duration> = .milliseconds(100) ... .seconds(300)

        init(source: EventSource) {
            self.source = source
            wait = source.reconnectionTime
        }

        /// The next event; `nil` when the server says that there are no more.
        ///
        /// - Throws: ``HTTPClientError``; `CancellationError`.
        @MainActor
        public mutating func next() async throws -> ServerSentEvent? {
            while !hasEnded {
                do {
                    if events == nil { try await connect() }
                    if let event = try await nextOfConnection() {
                        failures = 0
                        return event
                    }
                    if hasEnded { return nil }
                    try await Task.sleep(for: wait)
                } catch let error as HTTPClientError where Self.mends(error) {
                    events = nil
                    failures += 1
                    let longer = Swift.min(wait * (1 << Swift.min(failures - 1, 10)), Swift.max(wait, Self.longestWait))
                    try await Task.sleep(for: Swift.max(longer, error.retryAfter ?? .zero))
                }
            }
            return nil
        }

        @MainActor
        private mutating func nextOfConnection() async throws -> ServerSentEvent? {
            guard var events else { return nil }
            defer {
                if !events.parser.lastEventID.isEmpty { lastEventID = events.parser.lastEventID }
                if let time = events.parser.reconnectionTime {
                    wait = Swift.min(Swift.max(time, Self.waits.lowerBound), Self.waits.upperBound)
                }
            }
            self.events = nil
            guard let event = try await events.next() else { return nil }
            self.events = events
            return event
        }

        @MainActor
        private mutating func connect() async throws {
            var request = source.request
            if request[.accept] == nil { request[.accept] = "text/event-stream" }
            if request[.cacheControl] == nil { request[.cacheControl] = "no-store" }
            if !lastEventID.isEmpty { request.fields[.lastEventID] = lastEventID }
            let response = try await source.client.execute(request)
            if response.code == 204 {
                hasEnded = true
                return
            }
            try await response.requireSuccess()
            let type = response[.contentType].flatMap { MediaType($0) }
            guard response.code == 200, type?.essence == "text/event-stream" else {
                throw HTTPClientError(
                    .malformedResponse, url: response.url,
                    "it answers with \(response.statusText) and \(type?.essence ?? "no media type"), where events are "
                        + "text/event-stream", status: response.code)
            }
            events = response.events.makeAsyncIterator()
        }

        private static func mends(_ error: HTTPClientError) -> Bool {
            switch error.code {
            case .status: error.status == 429 || (error.status ?? 0) >= 500
            case .resolution, .connection, .connectionLost, .endedEarly, .timeout, .proxy, .poolExhausted: true
            default: false
            }
        }
    }
}

nonisolated extension HTTPField.Name {
    /// `Last-Event-ID`, WHATWG HTML §9.2.4.
    static let lastEventID = HTTPField.Name("Last-Event-ID")!  // a token
}
