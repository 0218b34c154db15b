/// Why a compressed message cannot be inflated.
public enum InflateError: Error {
    /// It is not DEFLATE (RFC 1951), or not whole: answer with the close code 1007.
    case invalid
    /// It inflates to more than the limit: answer with the close code 1009.
    case tooLarge
}
