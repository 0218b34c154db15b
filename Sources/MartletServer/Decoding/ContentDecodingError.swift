/// Why a body cannot be decoded.
package nonisolated struct ContentDecodingError: Error {
    /// What is wrong.
    package enum Kind: Hashable, Sendable {
        /// The data is not what its coding says, or is cut short.
        case malformed
        /// It is larger than it may be; whether it has grown by more than it may, too.
        case tooLarge(isBomb: Bool)
        /// It grows by more than it may.
        case bomb
    }

    /// What is wrong.
    package let kind: Kind
    /// The rest of a sentence about the body: `it ends before its compressed data does`.
    package let reason: String

    init(_ kind: Kind, _ reason: String) {
        self.kind = kind
        self.reason = reason
    }
}
