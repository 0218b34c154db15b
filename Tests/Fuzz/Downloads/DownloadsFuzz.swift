import MartletHTTP

/// What a download reads from servers and from its own disk: Content-Disposition and the names that come of it,
/// Content-Range and the verdict on an answer, the record of a partial file. Nothing traps, and what is accepted keeps
/// its promises.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzDownloads(_ input: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let input, count > 0, count < 4096 else { return 0 }
    let bytes = Array(UnsafeBufferPointer(start: input, count: count))
    let text = String(decoding: bytes, as: UTF8.self)
    checkNames(text)
    checkRecord(bytes)
    checkAnswer(text, length: Int(bytes[0]) << (bytes.count % 56))
    if let pattern = DownloadHostPattern(text) {
        precondition(DownloadHostPattern(pattern.description) == pattern, "a pattern does not come back as it went")
    }
    return 0
}

private func checkNames(_ text: String) {
    checkName(DownloadName.safe(text))
    checkName(DownloadName.ofTarget(text))
    if let name = ContentDisposition(text)?.filename {
        precondition(!name.isEmpty && !name.contains("/") && !name.contains("\\"), "a name is a path")
        checkName(DownloadName.safe(name))
    }
}

private func checkName(_ name: String) {
    precondition(!name.isEmpty && name.utf8.count <= DownloadName.longest + 2, "a name is too long")
    precondition(!name.utf8.contains { $0 < 0x20 || $0 == 0x7F || $0 == 0x2F || $0 == 0x5C }, "a name is no name")
    precondition(!name.hasPrefix(".") && !name.hasPrefix("-") && !name.hasPrefix(" "), "a name surprises")
    precondition(!name.hasSuffix(".part") && !name.hasSuffix(".part.json"), "a name is one of ours")
    precondition(DownloadName.safe(name).utf8.count <= DownloadName.longest + 2)
    precondition(DownloadName.numbered(name, 7) != name)
}

private func checkRecord(_ bytes: [UInt8]) {
    guard let record = PartialRecord(bytes) else { return }
    let length = record.length ?? .max
    precondition(record.done.ranges.allSatisfy { $0.lowerBound >= 0 && $0.upperBound <= length && !$0.isEmpty })
    guard let again = try? PartialRecord(record.bytes()) else { preconditionFailure("a record cannot be kept") }
    precondition(again == record, "a record does not come back as it was")
    // Whatever it says, the rest can be fetched: each byte once.
    var plan = SegmentPlan(length: record.length, done: record.done, smallest: 1 << 20)
    var missing = 0
    while missing < 64, let segment = plan.begin() {
        precondition(segment.start < segment.end && segment.end <= length)
        missing += 1
    }
}

private func checkAnswer(_ text: String, length: Int) {
    if let range = ContentRange(text) {
        precondition(ContentRange(range.description) == range, "a range does not come back as it went")
        precondition(range.range.map { !$0.isEmpty && $0.upperBound <= range.length } ?? true)
    }
    let validator = Validator(tag: text, lastModified: text, date: text, now: HTTPDate(unixTime: 1_700_000_000))
    precondition(validator.isCompatible(with: validator) || validator.tag != nil)
    for status in [200, 206, 416, 503] {
        let answer = Answer(
            status: status, contentLength: nil, contentRange: text, acceptRanges: text, validator: validator)
        for start in [0, length] where start < .max {
            let question = Answer.Question.part(start..<start + 1, length: nil, validator: validator)
            if case .part(let from, let end, let total) = answer.verdict(on: question) {
                precondition(from == start && end > from && end <= total)
            }
        }
        _ = answer.verdict(on: .whole)
        _ = answer.allowsParts
    }
}
