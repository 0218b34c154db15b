/// Rows of words in columns, for people.
package nonisolated struct TextTable {
    private var rows: [[String]]

    package init(_ titles: [String]) {
        rows = [titles]
    }

    package mutating func add(_ row: [String]) {
        rows.append(row)
    }

    /// Lines without a line end after the last; columns are two spaces apart, the first one flush left, numbers flush
    /// right.
    package var text: String {
        let columns = rows[0].count
        var widths = [Int](repeating: 0, count: columns)
        for row in rows {
            for (column, word) in row.enumerated() { widths[column] = max(widths[column], word.count) }
        }
        return rows.map { row in
            let cells = row.enumerated().map { column, word in
                let padding = String(repeating: " ", count: widths[column] - word.count)
                return column == 0 ? word + padding : padding + word
            }
            let line = cells.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
    }
}

/// Figures as people read them.
package nonisolated enum Readable {
    /// `45s`, `12m05s`, `3h07m`, `12d4h`
    package static func seconds(_ seconds: Int) -> String {
        switch seconds {
        case ..<60: "\(seconds)s"
        case ..<3600: "\(seconds / 60)m\(two(seconds % 60))s"
        case ..<86_400: "\(seconds / 3600)h\(two(seconds / 60 % 60))m"
        default: "\(seconds / 86_400)d\(seconds / 3600 % 24)h"
        }
    }

    /// `7.2M`
    static func bytes(_ bytes: UInt64) -> String {
        for (unit, shift) in [("G", 30), ("M", 20), ("K", 10)] where bytes >> shift > 0 {
            return "\(bytes >> shift).\((bytes >> (shift - 10) & 1023) * 10 / 1024)\(unit)"
        }
        return "\(bytes)"
    }

    /// With one digit after the point.
    static func oneDecimal(_ value: Double) -> String {
        let tenths = Int((min(max(value, 0), 1e12) * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
