import MartletHTTP

/// Any field value, read as each of those that a server reads: nothing traps, and what is accepted keeps its promises.
///
/// The first byte chooses lengths and offers, the rest is the value.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRanges(_ input: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let input, count > 0, count < 4096 else { return 0 }
    let field = String(decoding: UnsafeBufferPointer(start: input + 1, count: count - 1), as: UTF8.self)
    for length in [0, 1, UInt64(input[0]), 1 << 40, .max] { checkRanges(field, length) }
    checkTags(field)
    checkNegotiation(field)
    checkForwarding(field)
    checkTracing(field)
    checkAuthorization(field)
    return 0
}

private func checkRanges(_ field: String, _ length: UInt64) {
    guard case .partial(let ranges) = RangeRequest(field)?.resolve(length: length) else { return }
    precondition(!ranges.isEmpty && ranges.count <= RangeRequest.maximumCount)
    let sorted = ranges.sorted { $0.lowerBound < $1.lowerBound }
    precondition(sorted.allSatisfy { !$0.isEmpty && $0.upperBound <= length }, "a range beyond the end")
    precondition(zip(sorted, sorted.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound }, "ranges overlap")
    if length <= 1 << 40 {
        let answer = MultipartByteRanges(ranges, of: length, contentType: "a/b", boundary: "x")
        precondition(answer.parts.map(\.range) == ranges && answer.contentLength > UInt64(answer.end.utf8.count))
    }
}

private func checkTags(_ field: String) {
    if let tag = EntityTag(field) { precondition(tag.description == field, "a tag does not come back as it went") }
    for tag in EntityTagList(field) { precondition(EntityTag(tag.description) == tag, "a tag is not read alone") }
    let tag = EntityTag(opaque: "a")
    let date = HTTPDate(unixTime: 1_700_000_000)
    for method in [HTTPMethod.get, .put] {
        let conditions = Preconditions(
            method: method, ifMatch: field, ifNoneMatch: field, ifModifiedSince: field, ifUnmodifiedSince: field)
        let outcome = conditions.evaluate(tag: tag, lastModified: date, exists: true)
        precondition(outcome != .proceed, "If-Match and If-None-Match of the same value are both met")
    }
    _ = IfRange(field).matches(tag: tag, lastModified: date)
}

private func checkNegotiation(_ field: String) {
    let accept = Accept(field)
    let offers = [MediaType.html, .json, .problemJSON, .plainText]
    if let best = accept.best(of: offers) {
        precondition(offers.allSatisfy { accept.weight(of: $0) <= accept.weight(of: best) })
    } else {
        precondition(offers.allSatisfy { accept.weight(of: $0) == .zero })
    }
    if accept.prefersHTML { precondition(accept.weight(of: .html) > .zero) }
    if let type = MediaType(field) {
        precondition(MediaType(type.description) == type, "a media type does not come back as it went")
    }
    let encoding = AcceptEncoding(field)
    if let best = encoding.best(of: [.brotli, .gzip]) { precondition(encoding.weight(of: best) != .zero) }
    let language = AcceptLanguage(field)
    if let best = language.best(of: ["en", "de-AT", "zh-Hant"]) { precondition(language.weight(of: best) != .zero) }
}

private func checkForwarding(_ field: String) {
    let forwarded = Forwarded(field)
    let appended = Forwarded(field + ", for=\"[2001:db8::1]:80\"").elements.last
    precondition(appended?.client?.name == "2001:db8::1", "what a proxy appends is swallowed")
    let older = XForwarded(for: field, proto: field, host: field)
    for nodes in [forwarded.nodes, older.nodes] {
        precondition(nodes.count <= Forwarded.maximumCount)
        for case let node? in nodes {
            precondition(ForwardedNode(node.description) == node, "a node does not come back as it went")
        }
        let client = ClientChain.resolve(peer: "::1", nodes: nodes) { _ in true }
        precondition(client.hops <= 16 && AddressPrefix(client.address) != nil || client.address.contains("%"))
    }
    if let prefix = AddressPrefix(field) {
        let address = prefix.description.prefix { $0 != "/" }
        precondition(prefix.contains(String(address)), "a prefix without its own address")
    }
}

private func checkTracing(_ field: String) {
    if let trace = TraceParent(field) {
        let reparsed = TraceParent(trace.description)
        precondition(reparsed == trace && trace.description.utf8.count == 55, "a trace does not come back as it went")
    }
    if let state = TraceState(field) {
        precondition(state.members.count <= TraceState.maximumCount)
        precondition(state.description.utf8.count <= TraceState.maximumLength)
        precondition(TraceState(state.description) == state, "a state does not come back as it went")
    }
}

private func checkAuthorization(_ field: String) {
    if let credentials = BasicCredentials(authorization: field) {
        let reread = BasicCredentials(authorization: credentials.authorization)
        precondition(reread?.matches(user: credentials.user, password: credentials.password) == true)
    }
    if let token = BearerToken(authorization: field) {
        precondition(BearerToken(authorization: token.authorization)?.matches(token.value) == true)
    }
    for alphabet in [Base64.Alphabet.standard, .url] {
        if let bytes = Base64.decode(field, alphabet) {
            precondition(Base64.encode(bytes, alphabet) == field, "two texts for the same bytes")
        }
        precondition(Base64.decode(Base64.encode(Array(field.utf8), alphabet), alphabet) == Array(field.utf8))
    }
}
