import Logging
import MartletLoop

/// Sends entries to the systemd journal with their fields, in the journal's native protocol
/// (https://systemd.io/JOURNAL_NATIVE_PROTOCOL): one datagram for each.
///
/// `sd_journal_sendv` is not used because it waits for room: a journal that stands still would stop the loop after ten
/// entries or so. Here an entry that finds no room is dropped and counted.
nonisolated struct JournalOutlet: LogOutlet {
    /// What the journal listens to.
    static let standardPath = "/run/systemd/journal/socket"

    private let socket: DatagramSocket
    private let identity: LogIdentity

    init(path: String = standardPath, identity: LogIdentity) throws(SystemError) {
        socket = try DatagramSocket(to: path)
        self.identity = identity
    }

    func write(_ entry: LogEntry) -> Bool {
        socket.send(Self.datagram(entry, identity)) == 0
    }

    func reopen() {}

    func close() {
        socket.close()
    }

    static func datagram(_ entry: LogEntry, _ identity: LogIdentity) -> [UInt8] {
        var fields = Fields()
        fields.append("MESSAGE", entry.message)
        fields.append("PRIORITY", "\(entry.level.priority)")
        fields.append("SYSLOG_IDENTIFIER", identity.name)
        fields.append("MARTLET_LABEL", entry.label)
        if let slot = identity.slot { fields.append("MARTLET_WORKER", "\(slot)") }
        if let generation = identity.generation { fields.append("MARTLET_GENERATION", "\(generation)") }
        fields.append("CODE_FILE", entry.file)
        fields.append("CODE_LINE", "\(entry.line)")
        fields.append("CODE_FUNC", entry.function)
        for (key, value) in entry.metadata { fields.append(name(of: key), value) }
        return fields.bytes
    }

    /// A metadata key as a field's name: capitals, digits and underscores, at most 64 of them.
    static func name(of key: String) -> String {
        let allowed = key.utf8.prefix(56).map { byte -> UInt8 in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - 32
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): byte
            default: UInt8(ascii: "_")
            }
        }
        return "MARTLET_" + String(decoding: allowed, as: UTF8.self)
    }

    private struct Fields {
        /// Far below what a datagram may hold, so that no entry is too large to send.
        static let longest = 64 << 10
        static let longestValue = 16 << 10

        private(set) var bytes: [UInt8] = []

        /// `NAME=value`, or, when the value has several lines, the name, the length in 8 bytes, and the value.
        mutating func append(_ name: String, _ text: String) {
            let value = LogText.prefix(text, bytes: Self.longestValue).utf8
            guard bytes.count + name.utf8.count + value.count + 10 <= Self.longest else { return }
            bytes += name.utf8
            if value.contains(UInt8(ascii: "\n")) {
                bytes.append(UInt8(ascii: "\n"))
                withUnsafeBytes(of: UInt64(value.count).littleEndian) { bytes += $0 }
            } else {
                bytes.append(UInt8(ascii: "="))
            }
            bytes += value
            bytes.append(UInt8(ascii: "\n"))
        }
    }
}
