import Glibc
import Logging

/// One log entry before it is written: everything is text.
nonisolated struct LogEntry: Sendable {
    var time: timespec
    var level: Logger.Level
    var label: String
    var message: String
    /// In the order of the keys.
    var metadata: [(key: String, value: String)]
    var file: String
    var function: String
    var line: UInt
}

/// The line that stands for an entry in a stream:
/// `2026-07-25T12:00:00.123Z warning martlet.server: message peer=127.0.0.1 worker=0 generation=3`.
///
/// Whatever a client sends may stand in a message: control characters are escaped, so that no entry can pretend to be
/// two, nor speak to the reader's terminal.
nonisolated struct LogLine {
    /// The longest line in bytes, with its newline; what is longer is cut off and ends with an ellipsis.
    static let longest = 16 << 10

    private(set) var bytes: [UInt8] = []

    init(_ entry: LogEntry, identity: LogIdentity, withPriority: Bool = false) {
        if withPriority { append("<\(entry.level.priority)>") }
        append(Self.timestamp(entry.time))
        append(" \(entry.level.rawValue) ")
        appendEscaped(entry.label)
        append(": ")
        appendEscaped(entry.message)
        for (key, value) in entry.metadata { append(key, value) }
        if let slot = identity.slot { append(" worker=\(slot)") }
        if let generation = identity.generation { append(" generation=\(generation)") }
        if bytes.count >= Self.longest { cutOff() }
        bytes.append(UInt8(ascii: "\n"))
    }

    private mutating func append(_ text: String) { bytes += text.utf8 }

    private mutating func append(_ key: String, _ value: String) {
        append(" ")
        bytes += key.utf8.map { Self.isPlain($0) ? $0 : UInt8(ascii: "_") }
        append("=")
        if !value.isEmpty, value.utf8.allSatisfy({ Self.isPlain($0) || $0 >= 0x80 }) {
            appendEscaped(value)
        } else {
            append("\"")
            appendEscaped(value, quoted: true)
            append("\"")
        }
    }

    /// What needs no quotes around it.
    private static func isPlain(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && !"\"=\\".utf8.contains(byte)
    }

    private mutating func appendEscaped(_ text: String, quoted: Bool = false) {
        for scalar in text.unicodeScalars {
            // Nothing beyond the longest line would be kept.
            if bytes.count >= Self.longest { return }
            switch scalar.value {
            case 0x0A: append("\\n")
            case 0x0D: append("\\r")
            case 0x09: append("\\t")
            // C0 and C1 controls, and the separators that some readers take for a line's end.
            case ..<0x20, 0x7F..<0xA0, 0x2028, 0x2029: append("\\u{\(String(scalar.value, radix: 16))}")
            case 0x22 where quoted: append("\\\"")
            case 0x5C where quoted: append("\\\\")
            default: bytes += UTF8.encode(scalar).map { Array($0) } ?? []
            }
        }
    }

    private mutating func cutOff() {
        let ellipsis = Array("…".utf8)
        LogText.cut(&bytes, to: Self.longest - 1 - ellipsis.count)
        bytes += ellipsis
    }

    /// RFC 3339, UTC, milliseconds.
    static func timestamp(_ time: timespec) -> String {
        let (year, month, day) = date(daysSince1970: floorDivide(time.tv_sec, 86_400))
        let second = time.tv_sec - floorDivide(time.tv_sec, 86_400) * 86_400
        let clock = "\(two(second / 3600)):\(two(second / 60 % 60)):\(two(second % 60))"
        let milliseconds = time.tv_nsec / 1_000_000
        let padding = milliseconds < 10 ? "00" : milliseconds < 100 ? "0" : ""
        return "\(year)-\(two(month))-\(two(day))T\(clock).\(padding)\(milliseconds)Z"
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    private static func floorDivide(_ dividend: Int, _ divisor: Int) -> Int {
        dividend >= 0 ? dividend / divisor : -((divisor - 1 - dividend) / divisor)
    }

    /// The proleptic Gregorian calendar in years that start in March, so that a leap day is a year's last
    /// (https://howardhinnant.github.io/date_algorithms.html, civil_from_days). Unlike `gmtime_r` it takes no lock.
    private static func date(daysSince1970 days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * marchMonth + 2) / 5 + 1
        )
    }
}
