import MartletHTTP

/// Any bytes before a connection: nothing traps, a prefix needs more or gives what the whole gives, and what is read
/// comes back when it is written.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzProxyProtocol(_ input: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let input, count > 0 else { return 0 }
    let bytes = Array(UnsafeBufferPointer(start: input, count: count))
    let whole = parse(bytes, upTo: count)
    for end in 0..<count {
        let part = parse(bytes, upTo: end)
        precondition(part == .success(.needsMore) || part == whole, "the split changed the outcome")
    }
    if case .success(.complete(let length, let header)) = whole {
        precondition(length > 0 && length <= count)
        check(header)
    }
    return 0
}

private typealias Outcome = Result<ProxyHeaderParser.Progress, ProxyHeaderError>

private func parse(_ bytes: [UInt8], upTo end: Int) -> Outcome {
    let parser = ProxyHeaderParser(limit: 1024)
    return Outcome { () throws(ProxyHeaderError) in try parser.parse(bytes.span.extracting(..<end)) }
}

private func check(_ header: ProxyHeader) {
    for checksum in [false, true] {
        var output = ByteBuffer()
        ProxyHeaderEncoder.appendVersion2(header, checksum: checksum, to: &output)
        let bytes = output.withReadableBytes { Array($0) }
        let again = try? ProxyHeaderParser(limit: 65551).parse(bytes.span)
        precondition(again == .complete(length: bytes.count, header), "a header does not come back as it went")
    }
    var output = ByteBuffer()
    ProxyHeaderEncoder.appendVersion1(header, to: &output)
    let line = output.withReadableBytes { Array($0) }
    guard case .complete(_, let again)? = try? ProxyHeaderParser().parse(line.span) else {
        preconditionFailure("a line does not come back")
    }
    precondition(again.source == header.source || again == ProxyHeader(), "a line says something else")
}
