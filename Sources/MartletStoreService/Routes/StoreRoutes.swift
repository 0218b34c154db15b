import HTTPTypes
import MartletHTTP
import MartletJSON
import MartletServer
import MartletStore

/// What the routes of a store answer.
final class StoreRoutes {
    var store: (any KeyValueStore)?
    private let parameter: String
    private let settings: StoreServiceSettings
    private var watchers = 0

    /// How often a conditional change is tried again because the entry has changed between the look at it and the change.
    private static let attempts = 16

    init(_ settings: StoreServiceSettings, parameter: String) {
        self.settings = settings
        self.parameter = parameter
    }

    deinit {}

    /// What is done with an entry, or with all of them.
    enum Operation {
        case get, put, patch, delete, list
    }

    /// The handler that does it. One function for all, so that the function that does it is called by the server's.
    func responder(_ operation: Operation) -> @MainActor (Request) async throws -> Response {
        { [self] request in
            do {
                switch operation {
                case .get: return try await get(request)
                case .put: return try await put(request)
                case .patch: return try await patch(request)
                case .delete: return try await delete(request)
                case .list: return try await list(request)
                }
            } catch {
                throw refusal(error, request)
            }
        }
    }

    private func opened() throws(HTTPError) -> any KeyValueStore {
        guard let store else { throw HTTPError(.serviceUnavailable, "the store has not been opened here") }
        return store
    }

    private func key(_ request: Request) throws(HTTPError) -> StoreKey {
        guard let text = request.parameters[parameter] else { throw HTTPError(.notFound) }
        guard text.utf8.count <= settings.keySize else {
            throw HTTPError(.uriTooLong, "a key may have \(settings.keySize) bytes")
        }
        return StoreKey(text)
    }

    // MARK: Reading

    private func get(_ request: Request) async throws -> Response {
        let store = try opened()
        let key = try key(request)
        let entry = try await store.get(key)
        let conditions = request.preconditions
        if !conditions.isEmpty {
            switch conditions.evaluate(tag: entry?.tag, lastModified: nil, exists: entry != nil) {
            case .proceed: break
            case .failed: throw Self.preconditionFailed(entry?.version)
            case .notModified:
                guard let entry else { break }
                var response = Response(status: .notModified)
                describe(entry.version, entry.expiry, &response)
                return response
            }
        }
        guard let entry else { throw HTTPError(.notFound, "there is no such entry") }
        return response(entry)
    }

    private func response(_ entry: StoreEntry) -> Response {
        var response = Response(
            bytes: entry.value.bytes, contentType: entry.value.type ?? "application/octet-stream")
        describe(entry.version, entry.expiry, &response)
        return response
    }

    /// The fields of every entry.
    private static let fields = PreparedFields([
        // Whoever keeps it has to ask whether it is still so.
        .cacheControl: "no-cache",
        // What somebody has put here is nothing that a browser is to guess at.
        .xContentTypeOptions: "nosniff",
    ])

    private func describe(_ version: StoreVersion, _ expiry: Int64?, _ response: inout Response) {
        response.append(HTTPField(name: .eTag, value: version.tagText))
        if let expiry { response.append(HTTPField(name: .timeToLive, value: TimeToLive.text(until: expiry))) }
        response.add(missing: Self.fields)
    }

    // MARK: Changing

    private func put(_ request: Request) async throws -> Response {
        let store = try opened()
        let key = try key(request)
        try requireConditions(request)
        let timeToLive = try TimeToLive.of(request) ?? settings.timeToLive
        let value = try await value(request)
        let result = try await change(key, request, in: store) { condition in
            try await store.set(key, value, timeToLive: timeToLive, if: condition)
        }
        var response = Response(status: result.isNew ? .created : .noContent)
        response.fields[.eTag] = result.version.tagText
        if let expiry = result.expiry { response.fields[.timeToLive] = TimeToLive.text(until: expiry) }
        return response
    }

    private func value(_ request: Request) async throws -> StoreValue {
        guard settings.isJSON else {
            return StoreValue(try await request.body.collect(upTo: settings.valueSize), type: request[.contentType])
        }
        let bytes = try await request.body.collect(upTo: settings.valueSize)
        _ = try bytes.withUnsafeBufferPointer { try JSONBody.decode(AnyJSON.self, from: $0, of: request) }
        return StoreValue(bytes, type: "application/json")
    }

    /// Any value: a document is read to its end before anything of it is decoded.
    private nonisolated struct AnyJSON: Decodable, Sendable {
        init(from decoder: any Decoder) {}
    }

    /// What a client sends to add to a number.
    private nonisolated struct Increment: Decodable, Sendable {
        var increment: Int64
    }

    private func patch(_ request: Request) async throws -> Response {
        let store = try opened()
        let key = try key(request)
        try requireConditions(request)
        let timeToLive = try TimeToLive.of(request) ?? settings.timeToLive
        let amount: Int64
        if let text = try request.query["increment"] {
            guard let number = Int64(text) else {
                throw HTTPError(.badRequest, "increment is no whole number of 64 bits")
            }
            amount = number
        } else {
            amount = try await request.json(Increment.self, upTo: 4096).increment
        }
        let entry = try await change(key, request, in: store) { condition in
            try await store.increment(key, by: amount, timeToLive: timeToLive, if: condition)
        }
        return response(entry)
    }

    private func delete(_ request: Request) async throws -> Response {
        let store = try opened()
        let key = try key(request)
        try requireConditions(request)
        let wasThere = try await change(key, request, in: store) { condition in
            try await store.remove(key, if: condition)
        }
        guard wasThere else { throw HTTPError(.notFound, "there is no such entry") }
        return Response(status: .noContent)
    }

    private func requireConditions(_ request: Request) throws(HTTPError) {
        guard settings.requiresConditions, !request.has(.ifMatch), !request.has(.ifNoneMatch) else { return }
        throw HTTPError(
            HTTPResponse.Status(code: 428, reasonPhrase: "Precondition Required"),
            "a change needs If-Match with the entity tag of the entry, or If-None-Match: * when it is to be new")
    }

    /// Makes a change under the conditions of the request: those are looked at, and hold of the very state that is changed.
    private func change<Value: Sendable>(
        _ key: StoreKey, _ request: Request, in store: any KeyValueStore,
        _ change: (StoreCondition) async throws -> Value
    ) async throws -> Value {
        let conditions = request.preconditions
        guard !conditions.isEmpty else { return try await change(.always) }
        for _ in 0..<Self.attempts {
            let entry = try await store.get(key)
            guard conditions.evaluate(tag: entry?.tag, lastModified: nil, exists: entry != nil) == .proceed else {
                throw Self.preconditionFailed(entry?.version)
            }
            do {
                return try await change(.unchanged(since: entry))
            } catch let error as StoreError where error.code == .conflict {
                continue
            }
        }
        throw HTTPError(
            .serviceUnavailable, "the entry changes faster than this request can", fields: [.retryAfter: "1"])
    }

    // MARK: All of them

    private func list(_ request: Request) async throws -> Response {
        let store = try opened()
        let query = try request.query
        let prefix = StoreKey(query["prefix"] ?? "")
        if request[.accept]?.contains("text/event-stream") == true {
            return try await watch(store, prefix, request)
        }
        var limit = 100
        if let text = query["limit"] {
            guard let number = Int(text), number > 0 else {
                throw HTTPError(.badRequest, "limit is no whole number above 0")
            }
            limit = min(number, store.limits.page)
        }
        var after: StoreKey?
        if let text = query["cursor"] {
            guard let key = StoreCursor.key(text, longest: settings.keySize) else {
                throw HTTPError(.badRequest, "cursor is not one that was answered here")
            }
            after = key
        }
        let page = try await store.list(prefix: prefix, after: after, limit: limit)
        return try JSON(StoreListing(page)).response()
    }

    /// One event for each change, from now on.
    private func watch(_ store: any KeyValueStore, _ prefix: StoreKey, _ request: Request) async throws -> Response {
        guard watchers < settings.watchers else {
            request.worker.counters?.add(.storeRefused)
            throw HTTPError(.serviceUnavailable, "too many watch the store already", fields: [.retryAfter: "10"])
        }
        let changes = try await store.watch(prefix: prefix)
        return Response.events { [self] events in
            watchers += 1
            defer { watchers -= 1 }
            while let change = try await changes.next() { try await events.send(ServerSentEvent(change)) }
        }
    }

    // MARK: Errors

    /// What is answered in place of an error, counted when a limit or the store is behind it.
    private func refusal(_ error: any Error, _ request: Request) -> any Error {
        let answer = HTTPError.of(error) ?? error
        switch (answer as? HTTPError)?.status.code {
        case 413, 414, 507: request.worker.counters?.add(.storeRefused)
        case 503 where error is StoreError: request.worker.counters?.add(.storeUnavailable)
        default: break
        }
        return answer
    }

    private static func preconditionFailed(_ version: StoreVersion?) -> HTTPError {
        HTTPError(
            .preconditionFailed, "the entry is not in the state that the request expects",
            fields: version.map { [.eTag: $0.tagText] } ?? HTTPFields())
    }
}

extension HTTPError {
    /// What a client is told of a store's error; `nil` when that is nothing for clients.
    static func of(_ error: any Error) -> HTTPError? {
        guard let error = error as? StoreError else { return nil }
        switch error.code {
        case .conflict:
            return HTTPError(.preconditionFailed, "the entry is not in the state that the request expects")
        case .notANumber, .overflow: return HTTPError(.conflict, error.reason)
        case .keyTooLong: return HTTPError(.uriTooLong, error.reason)
        case .valueTooLarge: return HTTPError(.contentTooLarge, error.reason)
        case .badTimeToLive, .badType: return HTTPError(.badRequest, error.reason)
        case .full:
            return HTTPError(
                HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage"), "the store is full")
        case .unavailable, .closed:
            return HTTPError(
                .serviceUnavailable, "the store cannot be used at the moment", fields: [.retryAfter: "1"])
        default: return nil
        }
    }
}

extension HTTPField.Name {
    /// Seconds for which an entry is kept, in a request, or still is, in an answer; as RFC 8030 §5.2 has it for messages.
    nonisolated static let timeToLive = HTTPField.Name("TTL")!  // a token
}

nonisolated extension StoreEntry {
    /// Its version, as clients know it.
    var tag: EntityTag? { EntityTag(opaque: "\(version.rawValue)") }
}

nonisolated extension StoreVersion {
    /// As the value of the ETag field.
    var tagText: String {
        // In place: an interpolation costs as much as the rest of an entry's fields.
        let value = rawValue.magnitude
        var length = rawValue < 0 ? 4 : 3
        var rest = value
        while rest >= 10 {
            length += 1
            rest /= 10
        }
        return String(unsafeUninitializedCapacity: length) { text in
            text[0] = UInt8(ascii: "\"")
            if rawValue < 0 { text[1] = UInt8(ascii: "-") }
            text[length - 1] = UInt8(ascii: "\"")
            rest = value
            var index = length - 2
            repeat {
                text[index] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
                index &-= 1
            } while rest > 0
            return length
        }
    }
}
