/// The states of ``UTF8Validator`` and what each byte does to them.
enum UTF8Automaton {
    /// Between two characters.
    static let start: UInt8 = 0
    /// Something was wrong; nothing leads out of here.
    static let refused: UInt8 = 6
    /// One, two or three bytes of 80…BF are to come.
    private static let one: UInt8 = 12
    private static let two: UInt8 = 18
    private static let three: UInt8 = 24
    /// What is left of the second byte's range after a lead that could be overlong, a surrogate or beyond U+10FFFF.
    private static let afterE0: UInt8 = 30
    private static let afterED: UInt8 = 36
    private static let afterF0: UInt8 = 42
    private static let afterF4: UInt8 = 48

    private static let states = [start, refused, one, two, three, afterE0, afterED, afterF0, afterF4]

    /// For each byte the shifts of the states that follow, each at the shift of the state before.
    static let rows: [UInt64] = (0...255).map { byte in
        states.reduce(0) { row, state in row | UInt64(next(state, byte)) << UInt64(state) }
    }

    private static func next(_ state: UInt8, _ byte: UInt8) -> UInt8 {
        switch (state, byte) {
        case (start, 0x00...0x7F): start
        case (start, 0xC2...0xDF): one
        case (start, 0xE0): afterE0
        case (start, 0xED): afterED
        case (start, 0xE1...0xEF): two
        case (start, 0xF0): afterF0
        case (start, 0xF1...0xF3): three
        case (start, 0xF4): afterF4
        case (one, 0x80...0xBF): start
        case (two, 0x80...0xBF), (afterE0, 0xA0...0xBF), (afterED, 0x80...0x9F): one
        case (three, 0x80...0xBF), (afterF0, 0x90...0xBF), (afterF4, 0x80...0x8F): two
        default: refused
        }
    }
}
