/// Why a future has neither a value nor an error of its producer.
public nonisolated struct FutureError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What became of the future.
    public struct Code: Hashable, Sendable {
        private let rawValue: Int

        /// `Future.cancel` was called.
        public static let cancelled = Code(rawValue: 0)
        /// Its promise went away without being resolved.
        public static let abandoned = Code(rawValue: 1)
    }

    /// What became of the future.
    public let code: Code
    /// Where its promise was made, `file:line`; `nil` when that is not known.
    public let place: String?

    init(_ code: Code, place: String? = nil) {
        self.code = code
        self.place = place
    }

    /// `the promise made at App/Fetch.swift:12 went away unresolved; …`
    public var description: String {
        guard code == .abandoned else { return "the future was cancelled" }
        return "the promise made at \(place ?? "an unknown place") went away unresolved; "
            + "keep it until it is resolved, or resolve it with an error"
    }
}
