/// A response as it stood on the wire.
struct Answer {
    let status: Int
    /// Status line and field lines, without the empty line.
    let head: String
    var body: [UInt8] = []

    init(head: String) throws {
        let words = head.prefix { $0 != "\r\n" }.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard words.count == 3, words[0] == "HTTP/1.1", let status = Int(words[1]) else {
            throw ClientError("no status line: \(head)")
        }
        self.status = status
        self.head = head
    }

    var text: String { String(decoding: body, as: UTF8.self) }

    /// What the problem document of an error says is wrong; without such, the status's own words.
    var problem: String? {
        guard self["Content-Type"] == "application/problem+json" else { return nil }
        let key = text.contains("\"detail\":\"") ? "\"detail\":\"" : "\"title\":\""
        guard let start = text.firstRange(of: key) else { return nil }
        return String(text[start.upperBound...].prefix { $0 != "\"" })
    }

    /// The field lines, in order.
    var fieldLines: [Substring] { Array(head.split(separator: "\r\n").dropFirst()) }

    /// The values of a field.
    func values(of name: String) -> [String] {
        fieldLines.compactMap { line in
            guard let colon = line.firstIndex(of: ":"), line[..<colon].lowercased() == name.lowercased() else {
                return nil
            }
            return String(line[line.index(after: colon)...].drop { $0 == " " })
        }
    }

    /// The value of a field that stands there once; `nil` when it does not.
    subscript(_ name: String) -> String? {
        let values = values(of: name)
        return values.count == 1 ? values[0] : nil
    }

    var saysClose: Bool { self["Connection"] == "close" }
}

/// What kept a client from getting what it expected.
struct ClientError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
