/// Bytes that field values are made of.
extension ASCII {
    static let quote: UInt8 = 0x22
    static let hyphen: UInt8 = 0x2D
    static let backslash: UInt8 = 0x5C
    static let underscore: UInt8 = 0x5F

    /// Whether `byte` is a control other than the tab: none of them may stand in a field value.
    static func isControl(_ byte: UInt8) -> Bool { (byte < 0x20 && byte != tab) || byte == 0x7F }
}
