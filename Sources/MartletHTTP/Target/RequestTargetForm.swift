/// The form of a request target, RFC 9112 §3.2.
public enum RequestTargetForm: UInt8, Hashable, Sendable {
    /// `/path?query`.
    case origin
    /// `http://authority/path?query`.
    case absolute
    /// `*`, of OPTIONS only: the server as a whole.
    case asterisk
}
