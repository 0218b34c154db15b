/// Writes the fields of a message in order.
nonisolated struct WorkerMessageWriter {
    private var bytes: [UInt8]

    init(kind: UInt8) {
        bytes = [WorkerMessageFormat.version, kind]
    }

    mutating func number<Width: FixedWidthInteger>(_ value: Int, _ width: Width.Type) throws(WorkerMessageError) {
        guard let number = Width(exactly: value) else { throw error("\(value) does not fit into \(Width.self)") }
        append(number)
    }

    mutating func text(_ text: String) throws(WorkerMessageError) {
        let count = text.utf8.count
        guard count <= WorkerMessageFormat.longestText else {
            throw error("a text of \(count) bytes is longer than \(WorkerMessageFormat.longestText)")
        }
        append(text.utf8)
    }

    /// A text that may lose its end.
    mutating func shortened(_ text: String) {
        append(LogText.prefix(text, bytes: WorkerMessageFormat.longestText).utf8)
    }

    mutating func listeners(_ listeners: [ListenerDescription]) throws(WorkerMessageError) {
        guard listeners.count <= WorkerMessageFormat.mostListeners else {
            throw error("\(listeners.count) listeners are more than \(WorkerMessageFormat.mostListeners)")
        }
        append(UInt16(listeners.count))
        for listener in listeners {
            try text(listener.name)
            try text(listener.address)
        }
    }

    consuming func finish() throws(WorkerMessageError) -> [UInt8] {
        guard bytes.count <= WorkerMessageFormat.longest else {
            throw error(
                "\(bytes.count) bytes are more than \(WorkerMessageFormat.longest); use fewer or shorter listeners")
        }
        return bytes
    }

    private func error(_ reason: String) -> WorkerMessageError {
        WorkerMessageError(reason: reason, offset: bytes.count)
    }

    /// - Precondition: the text has at most `longestText` bytes.
    private mutating func append(_ text: some Collection<UInt8>) {
        append(UInt16(text.count))
        bytes += text
    }

    private mutating func append<Width: FixedWidthInteger>(_ number: Width) {
        withUnsafeBytes(of: number.littleEndian) { bytes += $0 }
    }
}

/// Reads the fields of a message in order; every read is checked against what is left.
nonisolated struct WorkerMessageReader {
    private let bytes: [UInt8]
    private var offset = 2

    /// Which message it is.
    let kind: UInt8

    init(_ bytes: [UInt8]) throws(WorkerMessageError) {
        self.bytes = bytes
        guard bytes.count >= 2 else { throw WorkerMessageError(reason: "it ends early", offset: bytes.count) }
        guard bytes.count <= WorkerMessageFormat.longest else {
            throw WorkerMessageError(reason: "it is too long", offset: WorkerMessageFormat.longest)
        }
        guard bytes[0] == WorkerMessageFormat.version else {
            throw WorkerMessageError(
                reason: "its version is \(bytes[0]), not \(WorkerMessageFormat.version)", offset: 0)
        }
        kind = bytes[1]
    }

    var unknownKind: WorkerMessageError { WorkerMessageError(reason: "kind \(kind) is unknown here", offset: 1) }

    mutating func number<Width: FixedWidthInteger>(_ width: Width.Type) throws(WorkerMessageError) -> Int {
        let start = offset
        let field = try take(Width.bitWidth / 8)
        let number = field.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard let value = Int(exactly: number) else {
            throw WorkerMessageError(reason: "\(number) is out of range", offset: start)
        }
        return value
    }

    mutating func text() throws(WorkerMessageError) -> String {
        let count = try number(UInt16.self)
        let start = offset
        guard count <= WorkerMessageFormat.longestText else {
            throw WorkerMessageError(reason: "a text of \(count) bytes is too long", offset: start)
        }
        guard let text = String(validating: try take(count), as: UTF8.self) else {
            throw WorkerMessageError(reason: "a text is not UTF-8", offset: start)
        }
        return text
    }

    mutating func listeners() throws(WorkerMessageError) -> [ListenerDescription] {
        let start = offset
        let count = try number(UInt16.self)
        guard count <= WorkerMessageFormat.mostListeners else {
            throw WorkerMessageError(reason: "\(count) listeners are too many", offset: start)
        }
        var listeners: [ListenerDescription] = []
        for _ in 0..<count {
            let name = try text()
            listeners.append(ListenerDescription(name: name, address: try text()))
        }
        return listeners
    }

    /// Sees to it that nothing is left.
    func finish() throws(WorkerMessageError) {
        guard offset == bytes.count else {
            throw WorkerMessageError(reason: "\(bytes.count - offset) bytes too many", offset: offset)
        }
    }

    private mutating func take(_ count: Int) throws(WorkerMessageError) -> ArraySlice<UInt8> {
        guard count <= bytes.count - offset else {
            throw WorkerMessageError(reason: "it ends early", offset: bytes.count)
        }
        defer { offset += count }
        return bytes[offset..<offset + count]
    }
}
