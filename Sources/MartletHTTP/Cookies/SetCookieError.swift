/// A cookie that browsers would drop, cut off or read as something else.
public struct SetCookieError: Error, Hashable, Sendable {
    /// Which rule is broken. More may be added: always have a `default`.
    public struct Code: RawRepresentable, Hashable, Sendable {
        /// The code's name, in words joined by hyphens.
        public let rawValue: String

        /// A code by its name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The name is empty or has characters that may not stand there.
        public static let name = Code(rawValue: "name")
        /// The value has characters that may not stand there.
        public static let value = Code(rawValue: "value")
        /// The path is none, or would split the field.
        public static let path = Code(rawValue: "path")
        /// The domain is none.
        public static let domain = Code(rawValue: "domain")
        /// An attribute, or the prefix of the name, asks for another attribute that is missing.
        public static let conflict = Code(rawValue: "conflict")
        /// The cookie is larger than browsers keep.
        public static let tooLarge = Code(rawValue: "too-large")
    }

    /// Which rule is broken.
    public let code: Code
    /// What is wrong and what to do.
    public let message: String
}

extension SetCookieError: CustomStringConvertible {
    /// The message.
    public var description: String { message }
}
