import MartletHTTP

/// Any cookies, and any text put into fields: nothing traps, and what is written never splits the field.
///
/// The input is a value of Cookie; taken apart at line feeds it is also the parts of a Set-Cookie.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCookies(_ input: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let input, count < 4096 else { return 0 }
    let text = String(decoding: UnsafeBufferPointer(start: input, count: count), as: UTF8.self)
    checkCookies(text)
    checkSetCookie(text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
    checkField(ContentDisposition.attachment(filename: text).description)
    checkField(Challenge.basic(realm: text).description)
    checkField(Challenge.bearer(realm: "", explanation: text, scope: text).description)
    if let parameter = FieldParameter("a", text) { checkField(parameter.description) }
    return 0
}

private func checkCookies(_ text: String) {
    let cookies = Cookies(text)
    precondition(cookies.count <= Cookies.maximumCount)
    for cookie in cookies {
        precondition(!cookie.name.isEmpty && !cookie.name.utf8.contains(0x3D), "a name has an equals sign")
        precondition(!cookie.name.utf8.contains(0x3B) && !cookie.value.utf8.contains(0x3B), "a semicolon is left")
        precondition(cookies[cookie.name] != nil, "a name is not found")
    }
    let twice = Cookies([text, text])
    precondition(twice.count == min(2 * cookies.count, Cookies.maximumCount))
}

private func checkSetCookie(_ parts: [String]) {
    guard parts.count >= 3 else { return }
    let flags = parts[0].utf8.reduce(0) { $0 &* 31 &+ Int($1) }
    let cookie = try? SetCookie(
        parts[1], parts[2], path: parts.count > 3 ? parts[3] : nil, domain: parts.count > 4 ? parts[4] : nil,
        maxAge: flags & 1 == 0 ? nil : flags, isSecure: flags & 2 != 0, isHTTPOnly: flags & 4 != 0,
        sameSite: flags & 8 == 0 ? nil : .unrestricted, isPartitioned: flags & 16 != 0)
    guard let cookie else { return }
    let field = cookie.description
    checkField(field)
    let attributes = field.utf8.count { $0 == 0x3B }
    let expected = [
        cookie.path != nil, cookie.domain != nil, cookie.maxAge != nil, cookie.isSecure, cookie.isHTTPOnly,
        cookie.sameSite != nil, cookie.isPartitioned,
    ]
    precondition(attributes == expected.count { $0 }, "an attribute is smuggled in: \(field)")
    precondition(Cookies("\(cookie.name)=\(cookie.value)")[cookie.name] == cookie.value, "a cookie does not come back")
}

private func checkField(_ field: String) {
    precondition(!field.utf8.contains { ($0 < 0x20 && $0 != 0x09) || $0 == 0x7F }, "a field has control characters")
}
