/// Checks that bytes are UTF-8 (Unicode 15 table 3-7, RFC 3629): nothing overlong, no surrogate, nothing beyond U+10FFFF.
///
/// Bytes may come in pieces; what is wrong shows in the piece with the first byte that cannot continue what was before it.
///
/// The automaton has nine states. A state is a shift: the row of a byte is a word of 64 bits that holds, at the shift of
/// each state, the shift of the state that follows. So a step is one load, which does not depend on the state, and one
/// shift.
public struct UTF8Validator: Sendable {
    /// The shift of the state.
    private var state: UInt8 = 0

    /// A validator at the start of a text.
    public init() {}

    /// Whether the text may end here: no character is half there.
    public var isComplete: Bool { state == UTF8Automaton.start }

    /// Goes on with `bytes`. False when the text is not UTF-8, and always from then on.
    public mutating func validate(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let start = bytes.baseAddress else { return state != UTF8Automaton.refused }
        let count = bytes.count
        var state = UInt64(self.state)
        var i = 0
        if state == UInt64(UTF8Automaton.start) { i = Self.skipASCII(start, from: 0, count) }
        if i < count {
            UTF8Automaton.rows.withUnsafeBufferPointer { rows in
                Self.run(start, from: i, count, rows.baseAddress.unsafelyUnwrapped, &state)
            }
        }
        self.state = UInt8(truncatingIfNeeded: state)
        return self.state != UTF8Automaton.refused
    }

    /// How many bytes at the end of `text` are a character that is not yet whole.
    ///
    /// `text` starts with a character, and all of it was found valid so far.
    static func unfinishedBytes(of text: UnsafeRawBufferPointer) -> Int {
        var back = 1
        while back <= 3, back <= text.count {
            let byte = text[text.count - back]
            if byte >= 0xC0 { return back < (byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2) ? back : 0 }
            if byte < 0x80 { return 0 }
            back += 1
        }
        return 0
    }

    /// Sixteen steps at a time, and between them a look whether ASCII goes on. A refusal stays, so it need not be looked for.
    private static func run(
        _ bytes: UnsafeRawPointer, from start: Int, _ count: Int, _ rows: UnsafePointer<UInt64>, _ state: inout UInt64
    ) {
        var i = start
        var current = state
        while count &- i >= 16 {
            for offset in 0..<16 {
                current = rows[Int(bytes.load(fromByteOffset: i &+ offset, as: UInt8.self))] &>> current
            }
            current &= 63
            i &+= 16
            if current == UInt64(UTF8Automaton.start) { i = skipASCII(bytes, from: i, count) }
        }
        while i < count {
            current = rows[Int(bytes.load(fromByteOffset: i, as: UInt8.self))] &>> current
            i &+= 1
        }
        state = current & 63
    }

    /// The end of the blocks of 32 bytes from `start` on that are ASCII throughout.
    @inline(__always)
    private static func skipASCII(_ bytes: UnsafeRawPointer, from start: Int, _ count: Int) -> Int {
        var i = start
        while count &- i >= 32 {
            let block = bytes.loadUnaligned(fromByteOffset: i, as: SIMD4<UInt64>.self)
            let half = block.lowHalf | block.highHalf
            guard (half[0] | half[1]) & 0x8080_8080_8080_8080 == 0 else { break }
            i &+= 32
        }
        return i
    }
}
