import HTTPTypes

/// Adding to the fields of a response that a handler has made.
///
/// A look-up by `HTTPFields`' own subscript builds an index of all fields first, which pays for many look-ups only.
extension HTTPFields {
    /// Whether there is a field of that name.
    func includes(_ name: HTTPField.Name) -> Bool {
        // By length first: strings of different lengths take as long to compare as others.
        let length = name.canonicalName.utf8.count
        for field in self where field.name.canonicalName.utf8.count == length && field.name == name { return true }
        return false
    }

    /// The value of the first field of that name.
    func first(_ name: HTTPField.Name) -> String? {
        for field in self where field.name == name { return field.value }
        return nil
    }

    /// Adds those of `others` whose names are not there yet. When there is nothing yet, nothing is copied.
    mutating func add(missing others: HTTPFields) {
        if isEmpty {
            self = others
        } else {
            for field in others where !includes(field.name) { append(field) }
        }
    }

    /// Says that the response depends on a field of the request (RFC 9110 §12.5.5), once.
    mutating func vary(on vary: HTTPField) {
        for field in self where field.name == .vary {
            for element in field.value.split(separator: ",") {
                let name = element.trimmingBlanks
                if name == "*" || name.lowercased() == vary.value.lowercased() { return }
            }
        }
        append(vary)
    }
}

extension Substring {
    /// The text without spaces and tabs at its ends.
    nonisolated var trimmingBlanks: Substring {
        func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }
        var text = drop(while: isBlank)
        while let last = text.last, isBlank(last) { text.removeLast() }
        return text
    }
}
