/// A field of a cron expression: which numbers there are, and which names for them.
nonisolated struct CronField: Sendable {
    let name: String
    let range: ClosedRange<Int>
    var names: [String] = []

    static let minute = CronField(name: "minute", range: 0...59)
    static let hour = CronField(name: "hour", range: 0...23)
    static let day = CronField(name: "day", range: 1...31)
    static let month = CronField(
        name: "month", range: 1...12,
        names: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"])
    static let weekday = CronField(
        name: "weekday", range: 0...7, names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"])

    /// The values of a field, as bits.
    ///
    /// - Parameter expression: for messages.
    func values(of field: some Collection<UInt8>, in expression: String) throws(CronError) -> UInt64 {
        var bits: UInt64 = 0
        for part in field.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            let pieces = part.split(separator: UInt8(ascii: "/"), maxSplits: 1, omittingEmptySubsequences: false)
            var step = 1
            if pieces.count == 2 {
                guard let number = Self.number(pieces[1]), number > 0, number <= range.upperBound + 1 else {
                    throw error(part, "the step is no number from 1 to \(range.upperBound + 1)", in: expression)
                }
                step = number
            }
            let values = try values(of: pieces[0], isStepped: pieces.count == 2, in: expression)
            for value in stride(from: values.lowerBound, through: values.upperBound, by: step) { bits |= 1 << value }
        }
        return bits
    }

    private func values(
        of part: some Collection<UInt8>, isStepped: Bool, in expression: String
    ) throws(CronError) -> ClosedRange<Int> {
        if part.elementsEqual("*".utf8) { return range }
        let ends = part.split(separator: UInt8(ascii: "-"), maxSplits: 1, omittingEmptySubsequences: false)
        let first = try value(of: ends[0], in: expression)
        guard ends.count == 2 else { return first...(isStepped ? range.upperBound : first) }
        let last = try value(of: ends[1], in: expression)
        guard first <= last else { throw error(part, "the range ends before it begins", in: expression) }
        return first...last
    }

    private func value(of word: some Collection<UInt8>, in expression: String) throws(CronError) -> Int {
        if let index = names.firstIndex(where: { $0.utf8.elementsEqual(word.lazy.map { $0 | 0x20 }) }) {
            return range.lowerBound + index
        }
        guard let number = Self.number(word), range.contains(number) else {
            throw error(word, "it is no number from \(range.lowerBound) to \(range.upperBound)", in: expression)
        }
        return number
    }

    /// A number of one to three digits.
    private static func number(_ digits: some Collection<UInt8>) -> Int? {
        guard (1...3).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }

    private func error(_ part: some Collection<UInt8>, _ reason: String, in expression: String) -> CronError {
        CronError(expression: expression, reason: "\(name) \"\(String(decoding: part, as: UTF8.self))\": \(reason)")
    }
}
