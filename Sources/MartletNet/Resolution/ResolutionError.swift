import Glibc
import MartletLoop

/// A name that cannot be resolved: which one, why, and what to do.
public nonisolated struct ResolutionError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What went wrong.
    public struct Code: Hashable, Sendable {
        private let rawValue: Int

        /// There is no such host, or no such service.
        public static let notFound = Code(rawValue: 0)
        /// The host exists and has no address of the family that was asked for.
        public static let noAddress = Code(rawValue: 1)
        /// The name server did not answer, or said that it cannot now.
        public static let temporary = Code(rawValue: 2)
        /// The name cannot be one.
        public static let invalidName = Code(rawValue: 3)
        /// Something else: the name server refused, or the system failed.
        public static let failed = Code(rawValue: 4)
    }

    /// What went wrong.
    public let code: Code
    /// The name, or the address when it was a name that was looked for.
    public let host: String
    /// The system's words (man 3 gai_strerror).
    public let reason: String
    /// What the reader can do about it; `nil` when the error says it all.
    public let advice: String?

    /// An error of one's own lookup function.
    public init(_ code: Code, host: String, reason: String, advice: String? = nil) {
        self.code = code
        self.host = host
        self.reason = reason
        self.advice = advice
    }

    /// From what getaddrinfo or getnameinfo returned, and the `errno` that goes with EAI_SYSTEM.
    init(host: String, status: Int32, errorNumber: Int32) {
        let words = gai_strerror(status).map { String(cString: $0) } ?? "error \(status)"
        let (code, advice): (Code, String?) =
            switch status {
            case EAI_NONAME: (.notFound, "check the spelling, and /etc/hosts or the name server")
            case Self.noData, Self.addressFamily: (.noAddress, "ask for the other family of addresses")
            case EAI_AGAIN:
                (.temporary, "check that the name servers in /etc/resolv.conf can be reached, and try again")
            case EAI_SERVICE: (.notFound, "give the port as a number, or add the service to /etc/services")
            default: (.failed, nil)
            }
        self.init(
            code, host: host,
            reason: status == EAI_SYSTEM
                ? SystemError.message(errorNumber) : (words.first?.lowercased() ?? "") + words.dropFirst(),
            advice: advice)
    }

    // glibc declares them for _GNU_SOURCE only (netdb.h).
    private static let noData: Int32 = -5
    private static let addressFamily: Int32 = -9

    /// `cannot resolve "exmaple.org": name or service not known; check the spelling, …`
    public var description: String {
        "cannot resolve \"\(host)\": \(reason)" + (advice.map { "; \($0)" } ?? "")
    }
}
