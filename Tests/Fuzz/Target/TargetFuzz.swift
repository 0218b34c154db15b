import MartletHTTP

/// Decoding, dot segments, queries and dates of any bytes: nothing traps, and nothing is decoded twice.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzTarget(_ input: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let input, count > 0, count < 4096 else { return 0 }
    let bytes = Array(UnsafeBufferPointer(start: input, count: count))
    let whole = ByteRange(0, count)
    let (path, query) = RequestTarget.split(whole, in: bytes.span)

    let clean = DotSegments.removed(from: path, in: bytes.span)
    let cleanRange = ByteRange(0, clean.count)
    precondition(clean.first == 0x2F && clean.count <= path.count + 1)
    precondition(!DotSegments.isPresent(in: cleanRange, clean.span), "dot segments are left")
    precondition(DotSegments.removed(from: cleanRange, in: clean.span) == clean, "not idempotent")

    let decoded = try? PercentEncoding.decode(path, in: bytes.span)
    if let decoded {
        precondition(decoded.count <= path.count)
    } else {
        precondition(!PercentEncoding.isValid(path, in: bytes.span), "valid escapes are not decoded")
    }
    if let query { checkQuery(query, bytes) }
    checkDate(whole, bytes)
    return 0
}

private func checkQuery(_ query: ByteRange, _ bytes: [UInt8]) {
    var cursor = QueryCursor(query)
    var end = query.start
    while let item = cursor.next(in: bytes.span) {
        precondition(item.name.start >= end && (item.value ?? item.name).end <= query.end)
        end = (item.value ?? item.name).end
        _ = try? PercentEncoding.string(item.value ?? item.name, in: bytes.span, plusIsSpace: true)
    }
}

private func checkDate(_ range: ByteRange, _ bytes: [UInt8]) {
    let now = HTTPDate(unixTime: 1_700_000_000)
    guard let date = HTTPDate(range, in: bytes.span, now: now) else { return }
    precondition(HTTPDate(date.description, now: now) == date, "a date does not come back as it went")
}
