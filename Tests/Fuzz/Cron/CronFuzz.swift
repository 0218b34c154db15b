/// Any expression at any time: nothing traps, and what recurs next is a minute that matches, behind the time asked for.
///
/// The first eight bytes are the time, the rest is the expression.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCron(_ input: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let input, count >= 8, count < 512 else { return 0 }
    let bytes = UnsafeBufferPointer(start: input, count: count)
    let time = bytes.prefix(8).reduce(Int64(0)) { $0 << 8 | Int64($1) }
    let text = String(decoding: bytes.dropFirst(8), as: UTF8.self)
    guard let expression = try? CronExpression(text) else { return 0 }
    // Far beyond any date, and some date of our time.
    for start in [time, time >> 20, time & 0xFFFF_FFFF] {
        guard let next = expression.next(after: start) else {
            precondition(start < -1 << 40 || start >= 1 << 40, "an expression that was taken never recurs")
            continue
        }
        precondition(next > start && next % 60 == 0 && expression.matches(next), "the next time does not match")
        // Just behind the last time that can be asked for, there may be one that recurs.
        precondition(next > 1 << 40 || expression.next(after: next - 1) == next, "a time is passed over")
    }
    return 0
}
