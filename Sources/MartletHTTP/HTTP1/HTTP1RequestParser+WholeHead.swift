/// The short way through a head: one that is there as a whole and has nothing unusual, as nearly every one, is parsed in
/// one go, with no phase to remember between two bytes.
///
/// It accepts less than the state machine and decides nothing else than that would: where the head is not whole, a form
/// is rare or anything is wrong, it gives up, and the state machine begins at the first byte. So errors, and what is
/// accepted, are in one place only; that the two agree is what every test that splits its input shows.
extension HTTP1RequestParser {
    /// `GET / HTTP/1.1` and its line end, and the empty line.
    private static let shortestHead = 18

    /// Parses the head that `bytes` begin with; false when it has given up, and then nothing has changed.
    mutating func parseWhole(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count >= Self.shortestHead, let section = parseWholeRequestLine(bytes) else { return false }
        do throws(HTTP1Error) {
            if let end = try parseWholeFields(bytes, from: section) {
                position = end
                try concludeHead()
                phase = .complete
                return true
            }
        } catch {
            // The state machine comes to the same error, and says it.
        }
        reset()
        return false
    }

    /// Where the fields begin, behind `METHOD SP /path[?query] SP HTTP/1.x CR LF`.
    @inline(__always)
    private mutating func parseWholeRequestLine(_ bytes: Span<UInt8>) -> Int? {
        let methodEnd = bytes.firstSpaceOfWord(at: 0)
        guard methodEnd < 8 else { return nil }
        let name = ByteRange(0, methodEnd)
        let method = HTTPMethod(name, in: bytes)
        let pathStart = methodEnd &+ 1
        guard method != .other, method != .connect, bytes[unchecked: pathStart] == ASCII.slash else { return nil }

        let found = bytes.endOfPath(from: pathStart)
        var stop = found.end
        var query: ByteRange?
        guard stop < bytes.count else { return nil }
        if bytes[unchecked: stop] == ASCII.questionMark {
            let start = stop &+ 1
            stop = start
            while stop < bytes.count, ByteClass.of(bytes[unchecked: stop]) & ByteClass.query != 0 { stop &+= 1 }
            query = ByteRange(start, stop)
        }
        // Behind the target: a space, eight bytes of version and the line end.
        guard stop &+ 11 <= bytes.count, bytes[unchecked: stop] == ASCII.space, stop &+ 11 <= limits.requestLine,
            bytes[unchecked: stop &+ 9] == ASCII.carriageReturn, bytes[unchecked: stop &+ 10] == ASCII.lineFeed
        else { return nil }
        switch bytes.word(at: stop &+ 1) {
        case Self.version11: minorVersion = 1
        case Self.version10: minorVersion = 0
        default: return nil
        }
        let path = ByteRange(pathStart, found.end)
        if found.classes & ByteClass.percent != 0, !PercentEncoding.isValid(path, in: bytes) { return nil }

        self.method = method
        methodName = name
        target = ByteRange(pathStart, stop)
        targetForm = .origin
        self.path = path
        self.query = query
        pathClasses = found.classes
        lineStart = 0
        sectionStart = stop &+ 11
        return sectionStart
    }

    /// `HTTP/1.1` and `HTTP/1.0`, as eight bytes of memory.
    private static let version11: UInt64 = 0x312E_312F_5054_5448
    private static let version10: UInt64 = 0x302E_312F_5054_5448

    /// Where the head ends, behind `*(name ":" value CR LF) CR LF`; nil when it is not all there, or not all right.
    @inline(__always)
    private mutating func parseWholeFields(_ bytes: Span<UInt8>, from section: Int) throws(HTTP1Error) -> Int? {
        let end = min(bytes.count, section &+ limits.fieldSection)
        var i = section
        while true {
            guard i &+ 2 <= end else { return nil }
            if bytes[unchecked: i] == ASCII.carriageReturn {
                return bytes[unchecked: i &+ 1] == ASCII.lineFeed ? i &+ 2 : nil
            }
            let nameStart = i
            while i < end, ByteClass.isToken(bytes[unchecked: i]) { i &+= 1 }
            guard i < end, bytes[unchecked: i] == ASCII.colon, i > nameStart, fields.count < limits.fieldCount else {
                return nil
            }
            let stop = bytes.firstControl(from: i &+ 1, to: end)
            guard stop &+ 2 <= end, bytes[unchecked: stop] == ASCII.carriageReturn,
                bytes[unchecked: stop &+ 1] == ASCII.lineFeed
            else { return nil }
            let field = HTTP1Field(name: ByteRange(nameStart, i), value: bytes.trimmed(i &+ 1, stop))
            fields.append(field)
            try interpret(field, bytes)
            i = stop &+ 2
        }
    }
}

extension Span where Element == UInt8 {
    /// How many of the eight bytes at `offset`, which the caller knows to be there, lie before the first space; 8 when
    /// there is none.
    @inline(__always)
    fileprivate func firstSpaceOfWord(at offset: Int) -> Int {
        let word = UInt64(littleEndian: word(at: offset))
        return (SWAR.zeros(word ^ SWAR.all(ASCII.space)) & SWAR.topBits).trailingZeroBitCount &>> 3
    }

    /// Where the path that begins at `start` ends, which may be the end of the bytes, and classes that its bytes have, or
    /// may have: `percent` and `dot`.
    @inline(__always)
    fileprivate func endOfPath(from start: Int) -> (end: Int, classes: UInt8) {
        var i = start
        var classes: UInt8 = 0
        // In each word the lowest hit of every test is true, and what lies above one is not looked at.
        while i &+ 8 <= count {
            let word = UInt64(littleEndian: word(at: i))
            let controls = ((word &- SWAR.all(0x21)) & ~word) | word | SWAR.zeros(word ^ SWAR.all(0x7F))
            let ends = SWAR.zeros(word ^ SWAR.all(ASCII.questionMark)) | SWAR.zeros(word ^ SWAR.all(0x23))
            let stops = (controls | ends) & SWAR.topBits
            let escapes = SWAR.zeros(word ^ SWAR.all(0x25)) & SWAR.topBits
            let dots = SWAR.zeros(word ^ SWAR.all(ASCII.dot)) & SWAR.topBits
            guard stops | escapes | dots != 0 else {
                i &+= 8
                continue
            }
            let inside = stops == 0 ? SWAR.topBits : (stops &- 1) & ~stops
            if escapes & inside != 0 { classes |= ByteClass.percent }
            if dots & inside != 0 { classes |= ByteClass.dot }
            if stops != 0 { return (i &+ stops.trailingZeroBitCount &>> 3, classes) }
            i &+= 8
        }
        while i < count {
            let byteClass = ByteClass.of(self[unchecked: i])
            if byteClass & ByteClass.path == 0 { break }
            classes |= byteClass
            i &+= 1
        }
        return (i, classes)
    }
}
