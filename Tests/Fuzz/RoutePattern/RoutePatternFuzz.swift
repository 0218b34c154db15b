import MartletHTTP

/// Any pattern and any path: nothing traps, a printed pattern parses to itself, and it matches what it should.
///
/// The input is a pattern, a line feed and a path.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRoutePattern(_ input: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let input, count < 4096 else { return 0 }
    let bytes = Array(UnsafeBufferPointer(start: input, count: count))
    let parts = bytes.split(separator: 0x0A, maxSplits: 1, omittingEmptySubsequences: false)
    guard let pattern = try? RoutePattern(parsing: String(decoding: parts[0], as: UTF8.self)) else { return 0 }
    let reparsed = try? RoutePattern(parsing: pattern.description)
    precondition(reparsed == pattern, "a pattern does not come back as it went: \(pattern)")

    var trie = RouteTrie<Int>()
    do {
        try trie.insert(pattern, method: .get, value: 1)
        try trie.insert(RoutePattern(parsing: "/{fuzz...}"), method: .post, value: 2)
    } catch {
        preconditionFailure("a first route is refused: \(error)")
    }
    let path = parts.count > 1 ? Array(parts[1]) : []
    var captures = RouteCaptures()
    if case .found = trie.match(ByteRange(0, path.count), in: path.span, method: .get, into: &captures) {
        precondition(captures.count == pattern.parameterNames.count, "captures are missing")
        for index in 0..<captures.count { precondition(Int(captures[index].end) <= path.count) }
    }
    return 0
}
