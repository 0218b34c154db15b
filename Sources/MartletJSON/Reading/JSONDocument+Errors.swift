extension JSONDocument {
    /// The value at `index` is not what `type` needs.
    @inline(never)
    func mismatch(_ type: Any.Type, _ expected: String, at index: Int) -> DecodingError {
        let context = DecodingError.Context(
            codingPath: path(to: index), debugDescription: "expected \(expected), found \(kindName(at: index))")
        return isNull(at: index) ? .valueNotFound(type, context) : .typeMismatch(type, context)
    }

    /// The number at `index` cannot be represented.
    @inline(never)
    func unfit(_ expectation: String, at index: Int) -> DecodingError {
        let most = 32
        let digits = bytes(of: tape[index])
        let found = String(decoding: digits.prefix(most), as: UTF8.self) + (digits.count > most ? "…" : "")
        return .dataCorrupted(
            DecodingError.Context(codingPath: path(to: index), debugDescription: "\(expectation), found \(found)"))
    }

    private func kindName(at index: Int) -> String {
        switch tape[index].kind {
        case .null: "null"
        case .true: "true"
        case .false: "false"
        case .integer, .decimal: "a number"
        case .plain, .escaped: "a string"
        case .object: "an object"
        case .array: "an array"
        }
    }
}
