import Glibc
import MartletLoop

/// Finds the addresses of names, and the names of addresses, as the system does: /etc/hosts, DNS and whatever else
/// /etc/nsswitch.conf says.
///
/// The system's functions block, so they are called on the thread pool; what they say is remembered for a while, what
/// does not exist for a shorter one. Whoever asks for the same name at the same time shares one call. An address in
/// digits needs neither.
///
/// ```swift
/// for address in try await Resolver.shared.addresses(of: "example.org", port: 443) { print(address) }
/// ```
public final class Resolver {
    /// The one that `connect` uses unless told otherwise.
    public static let shared = Resolver()

    /// A question.
    public nonisolated struct Query: Hashable, Sendable {
        /// A host's name, in small letters.
        public let host: String
        /// The name of a service, whose port the addresses are to have; `nil` for port 0.
        public let service: String?
        /// Which addresses.
        public let family: AddressFamily
    }

    /// What is remembered, and how much of it.
    public nonisolated struct Limits: Hashable, Sendable {
        /// How long addresses are good for. The system does not tell how long their owner says that they are.
        public var timeToLive: Duration = .seconds(30)
        /// How long a name that does not exist is taken not to.
        public var negativeTimeToLive: Duration = .seconds(5)
        /// How many answers are kept; 0 keeps none.
        public var capacity = 1024

        /// The defaults.
        public init() {}
    }

    private struct Entry {
        let result: Result<[SocketAddress], any Error>
        let expiry: EventLoop.Instant
    }

    private let limits: Limits
    private let lookUp: @MainActor (Query) async throws -> [SocketAddress]
    private let lookUpName: @MainActor (SocketAddress) async throws -> HostName
    private var cache: [Query: Entry] = [:]
    private var lookups: [Query: Future<[SocketAddress]>] = [:]

    /// A resolver with a cache of its own.
    ///
    /// - Parameters:
    ///   - limits: what it remembers.
    ///   - pool: where the system's functions are called.
    public convenience init(limits: Limits = Limits(), pool: ThreadPool = .shared) {
        self.init(
            limits: limits,
            lookUp: { query in try await offload(on: pool) { try SystemLookup.addresses(query) } },
            lookUpName: { address in try await offload(on: pool) { try SystemLookup.name(of: address) } })
    }

    /// A resolver that asks something other than the system: a name server of one's own, a table in a test.
    ///
    /// - Parameters:
    ///   - limits: what it remembers.
    ///   - lookUp: answers a question, or throws a `ResolutionError`. Called once for those who ask the same at the
    ///     same time, in a task that nobody cancels.
    ///   - lookUpName: finds the name of an address; by default no address has one.
    public init(
        limits: Limits = Limits(), lookUp: @escaping @MainActor (Query) async throws -> [SocketAddress],
        lookUpName: @escaping @MainActor (SocketAddress) async throws -> HostName = { address in
            throw ResolutionError(.notFound, host: "\(address)", reason: "the resolver knows no names of addresses")
        }
    ) {
        self.limits = limits
        self.lookUp = lookUp
        self.lookUpName = lookUpName
    }

    /// Finds the addresses of a host, in the order in which they are to be tried.
    ///
    /// - Parameters:
    ///   - host: a name, or an address in digits (IPv6 with or without brackets).
    ///   - port: the port that the addresses get.
    ///   - family: which addresses.
    /// - Throws: `ResolutionError`; `OffloadError` when the thread pool has no room; `CancellationError`, which leaves
    ///   the lookup to others who may wait for it and to the cache.
    public func addresses(
        of host: String, port: UInt16 = 0, family: AddressFamily = .any
    ) async throws -> [SocketAddress] {
        let name = try Self.canonical(host)
        if let address = SocketAddress(numeric: name, port: port) {
            guard family.includes(address) else {
                throw ResolutionError(.noAddress, host: host, reason: "it is an address of the other family")
            }
            return [address]
        }
        return try await answer(Query(host: name, service: nil, family: family)).map { $0.with(port: port) }
    }

    /// Finds the addresses of a host, with the port that a service has (/etc/services): see
    /// `addresses(of:port:family:)`.
    public func addresses(
        of host: String, service: String, family: AddressFamily = .any
    ) async throws -> [SocketAddress] {
        if let port = UInt16(service) { return try await addresses(of: host, port: port, family: family) }
        guard !service.isEmpty, !service.utf8.contains(0) else {
            throw ResolutionError(.invalidName, host: service, reason: "the name of a service has at least a letter")
        }
        return try await answer(Query(host: try Self.canonical(host), service: service, family: family))
    }

    /// Finds the name of an address, and of its port. Not remembered.
    ///
    /// - Throws: as `addresses(of:port:family:)`.
    public func name(of address: SocketAddress) async throws -> HostName {
        let lookUpName = lookUpName
        return try await inBackground { try await lookUpName(address) }.value
    }

    /// Forgets what is remembered. Lookups that are under way go on, and are remembered.
    public func removeAll() {
        cache = [:]
    }

    // MARK: Cache

    private func answer(_ query: Query) async throws -> [SocketAddress] {
        if let entry = cache[query], EventLoop.main.time() < entry.expiry { return try entry.result.get() }
        if let lookup = lookups[query] { return try await lookup.value }
        let lookUp = lookUp
        let lookup = inBackground {
            try await lookUp(query)
        } whenDone: { result in
            self.lookups[query] = nil
            self.remember(result, for: query)
        }
        if !lookup.isDone { lookups[query] = lookup }
        return try await lookup.value
    }

    private func remember(_ result: Result<[SocketAddress], any Error>, for query: Query) {
        cache[query] = nil
        guard limits.capacity > 0, let timeToLive = timeToLive(of: result) else { return }
        let now = EventLoop.main.time()
        if cache.count >= limits.capacity { makeRoom(at: now) }
        cache[query] = Entry(result: result, expiry: now + timeToLive)
    }

    private func timeToLive(of result: Result<[SocketAddress], any Error>) -> Duration? {
        switch result {
        case .success: return limits.timeToLive
        case .failure(let error as ResolutionError) where error.code == .notFound || error.code == .noAddress:
            return limits.negativeTimeToLive
        case .failure: return nil
        }
    }

    /// Drops what is too old, or else what will be next. Walks through everything, which a lookup takes longer than.
    private func makeRoom(at now: EventLoop.Instant) {
        cache = cache.filter { now < $0.value.expiry }
        guard cache.count >= limits.capacity, let next = cache.min(by: { $0.value.expiry < $1.value.expiry }) else {
            return
        }
        cache[next.key] = nil
    }

    /// Runs a lookup that outlives those who wait for it: nothing can interrupt the system's functions.
    private func inBackground<Value: Sendable>(
        _ lookUp: @escaping @MainActor () async throws -> Value,
        whenDone: @escaping @MainActor (Result<Value, any Error>) -> Void = { _ in }
    ) -> Future<Value> {
        let promise = Promise<Value>()
        Task {
            var result: Result<Value, any Error>
            do { result = .success(try await lookUp()) } catch { result = .failure(error) }
            whenDone(result)
            promise.resolve(result)
        }
        return promise.future
    }

    /// In small letters, without the brackets of an IPv6 address.
    private static func canonical(_ host: String) throws(ResolutionError) -> String {
        var name = host[...]
        if name.hasPrefix("["), name.hasSuffix("]") { name = name.dropFirst().dropLast() }
        // RFC 1035 §2.3.4, with a final dot.
        guard !name.isEmpty, name.utf8.count <= 254, !name.utf8.contains(0) else {
            throw ResolutionError(.invalidName, host: host, reason: "a name has 1 to 253 bytes, none of which is zero")
        }
        return name.lowercased()
    }
}
