extension StringProtocol {
    /// Whether both are the same bytes but for the case of ASCII letters.
    ///
    /// `==` is not that: it takes characters for equal that are canonically equivalent, such as the Kelvin sign and K.
    func equals(ignoringCase other: some StringProtocol) -> Bool {
        utf8.count == other.utf8.count
            && utf8.elementsEqual(other.utf8) { ASCII.lowercased($0) == ASCII.lowercased($1) }
    }

    /// Whether it begins with `prefix`, ignoring the case of ASCII letters.
    func starts(ignoringCase prefix: some StringProtocol) -> Bool {
        utf8.starts(with: prefix.utf8) { ASCII.lowercased($0) == ASCII.lowercased($1) }
    }

    /// Whether it is a token, RFC 9110 §5.6.2: not empty, and of no bytes that separate.
    var isToken: Bool { !isEmpty && utf8.allSatisfy(ByteClass.isToken) }
}

extension Substring {
    /// Without the spaces and tabs at both ends.
    var trimmed: Substring {
        var bytes = utf8
        while let first = bytes.first, first == ASCII.space || first == ASCII.tab { bytes = bytes.dropFirst() }
        while let last = bytes.last, last == ASCII.space || last == ASCII.tab { bytes = bytes.dropLast() }
        return Substring(bytes)
    }
}
