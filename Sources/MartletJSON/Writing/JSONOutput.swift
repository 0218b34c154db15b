/// A document that is being written: the bytes so far, and the values that have begun and not ended.
///
/// A value begins when its `encode(to:)` is called and ends when that returns, so its containers can be written as they
/// come. Containers that were asked for by name (`nestedContainer`, `superEncoder`) may be written in any order until
/// the value around them ends: each gets an output of its own, which is inserted then.
final class JSONOutput {
    /// What a value has turned out to be.
    enum Form { case undecided, object, array, scalar }

    private struct Frame {
        /// Tells the containers of this value from those of others.
        let serial: Int
        let start: Int
        /// The member that this is, unless it is an element or the document.
        let key: (any CodingKey)?
        var form = Form.undecided
        /// Members or elements that have begun.
        var count = 0
        /// Of a dictionary, which has no order: its members, to be sorted.
        var members: [Member]?
    }

    private struct Member {
        let start: Int
        let keyEnd: Int
    }

    private(set) var bytes: JSONBytes
    private(set) var writer: JSONWriter
    private let basePath: [any CodingKey]
    private var frames: [Frame] = []
    private var lastSerial = 0
    private var insertions: [(offset: Int, output: JSONOutput)] = []
    /// What a container that could not be made leaves behind, as making one cannot throw.
    private var failure: EncodingError?
    /// Whether there is one: a look at an optional error is a call.
    private var hasFailed = false

    init(_ writer: JSONWriter, capacity: Int = 256, basePath: [any CodingKey] = []) {
        self.writer = writer
        self.basePath = basePath
        bytes = JSONBytes(capacity: capacity)
    }

    /// Empties it for another document.
    func reuse(_ writer: JSONWriter) {
        self.writer = writer
        bytes.removeAll()
    }

    /// Whether a document was finished in it, and nothing is in it that should not be kept.
    var isReusable: Bool {
        frames.isEmpty && insertions.isEmpty && !hasFailed && basePath.isEmpty && writer.userInfo.isEmpty
    }

    /// The path to the innermost value.
    var path: [any CodingKey] {
        var path = basePath
        for (frame, outer) in zip(frames.dropFirst(), frames) {
            path.append(frame.key ?? JSONKey(intValue: outer.count - 1))
        }
        return path
    }

    /// The path to the part of the innermost value that has begun: the member of this key, or the last element.
    func path(toPart key: (any CodingKey)?) -> [any CodingKey] {
        if let key { return path + [key] }
        guard let frame = frames.last, frame.form == .array else { return path }
        return path + [JSONKey(intValue: frame.count - 1)]
    }

    // MARK: - Values

    /// Writes a value that is the document, the member of this key or, without one, an element.
    @inline(__always)
    func write<Value: Encodable>(_ value: Value, key: @autoclosure () -> (any CodingKey)? = nil) throws {
        if try !writeScalar(value, key: key()) { try writeOther(value, key: key()) }
    }

    @inline(never)
    private func writeOther<Value: Encodable>(_ value: Value, key: (any CodingKey)?) throws {
        let encoder = JSONValueEncoder(output: self, serial: try begin(key: key, value))
        if let conversion = writer.conversions.conversion(of: Value.self) {
            try conversion.write(value, encoder)
        } else {
            try value.encode(to: encoder)
        }
        try end()
    }

    func writeNull() { bytes.append("null") }

    /// Passes bytes on that are a value, or a part of one.
    @inline(__always)
    func append(_ body: (inout JSONBytes) -> Void) { body(&bytes) }

    private func begin(key: (any CodingKey)?, _ value: Any) throws -> Int {
        guard basePath.count + frames.count < writer.depthLimit else {
            throw EncodingError.invalidValue(
                value,
                EncodingError.Context(
                    codingPath: path, debugDescription: "nested deeper than \(writer.depthLimit) levels"))
        }
        return open(key: key)
    }

    private func open(key: (any CodingKey)?) -> Int {
        lastSerial += 1
        frames.append(Frame(serial: lastSerial, start: bytes.count, key: key))
        return lastSerial
    }

    private func end() throws {
        let frame = frames.removeLast()
        if let last = insertions.last, last.offset >= frame.start { try insert(from: frame.start) }
        if let members = frame.members, members.count > 1 { sort(members) }
        switch frame.form {
        case .undecided: bytes.append("{}")
        case .object: bytes.append(UInt8(ascii: "}"))
        case .array: bytes.append(UInt8(ascii: "]"))
        case .scalar: break
        }
        if hasFailed { throw failure.unsafelyUnwrapped }
    }

    // MARK: - Containers

    /// Makes the value with this serial an object, array or scalar, unless it is one already.
    @inline(__always)
    func decide(_ form: Form, _ serial: Int, isDictionary: Bool = false) {
        let last = frames.count &- 1
        guard last >= 0, frames[last].serial == serial else { return fail("a container of a value that has ended") }
        if frames[last].form == form, form != .scalar { return }
        guard frames[last].form == .undecided else { return fail("a second container, of another kind, of one value") }
        frames[last].form = form
        switch form {
        case .object: bytes.append(UInt8(ascii: "{"))
        case .array: bytes.append(UInt8(ascii: "["))
        case .undecided, .scalar: break
        }
        if isDictionary { frames[last].members = [] }
    }

    /// Writes the key of a member of the object with this serial.
    @inline(__always)
    func beginMember(_ key: String, _ serial: Int) throws {
        let last = try beginPart(serial)
        let start = bytes.count
        bytes.append(quoted: key)
        if frames[last].members != nil { frames[last].members?.append(Member(start: start, keyEnd: bytes.count)) }
        bytes.append(UInt8(ascii: ":"))
    }

    /// Writes what separates the elements of the array with this serial.
    @inline(__always)
    func beginElement(_ serial: Int) throws { _ = try beginPart(serial) }

    @inline(__always)
    private func beginPart(_ serial: Int) throws -> Int {
        let last = frames.count &- 1
        guard last >= 0, frames[last].serial == serial else {
            fail("a container of a value that has ended, or within which another is being written,")
            throw failure.unsafelyUnwrapped
        }
        if frames[last].count > 0 { bytes.append(UInt8(ascii: ",")) }
        frames[last].count &+= 1
        return last
    }

    /// Elements written so far in the array with this serial.
    func count(_ serial: Int) -> Int { frames.last { $0.serial == serial }?.count ?? 0 }

    /// An encoder of the member or element that has just begun, whose bytes come here when the value around it ends.
    func encoderToBeInserted(_ key: any CodingKey) -> JSONValueEncoder {
        let output = JSONOutput(writer, capacity: 64, basePath: path + [key])
        insertions.append((bytes.count, output))
        return JSONValueEncoder(output: output, serial: output.open(key: nil))
    }

    /// Notes a misuse, of which the first is thrown when the innermost value ends.
    @inline(never)
    func fail(_ what: String) {
        if hasFailed { return }
        let context = EncodingError.Context(codingPath: path, debugDescription: "\(what) cannot be written")
        failure = .invalidValue(Optional<Any>.none as Any, context)
        hasFailed = true
    }

    private func insert(from start: Int) throws {
        let first = insertions.firstIndex { $0.offset >= start } ?? insertions.endIndex
        let inserted = insertions[first...]
        insertions.removeSubrange(first...)
        guard var at = inserted.first?.offset else { return }
        let tailStart = at
        let tail = bytes.removeTail(from: tailStart)
        for (offset, output) in inserted {
            append(tail[(at - tailStart)..<(offset - tailStart)])
            at = offset
            try output.end()
            bytes.append(output.bytes.readable)
        }
        append(tail[(at - tailStart)...])
    }

    private func sort(_ members: [Member]) {
        let start = members[0].start
        let tail = bytes.removeTail(from: start)
        let ends = members.dropFirst().map { $0.start - 1 } + [start + tail.count]
        let sorted = zip(members, ends).sorted { left, right in
            tail[(left.0.start - start)..<(left.0.keyEnd - start - 1)].lexicographicallyPrecedes(
                tail[(right.0.start - start)..<(right.0.keyEnd - start - 1)])
        }
        for (position, (member, end)) in sorted.enumerated() {
            if position > 0 { bytes.append(UInt8(ascii: ",")) }
            append(tail[(member.start - start)..<(end - start)])
        }
    }

    private func append(_ part: ArraySlice<UInt8>) { part.withUnsafeBufferPointer { bytes.append($0) } }
}
