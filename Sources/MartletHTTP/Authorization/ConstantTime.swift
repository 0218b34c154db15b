/// Whether both are the same bytes, in a time that depends on their lengths only: for secrets, whose first wrong byte
/// could otherwise be found by measuring.
///
///     constantTimeEquals(token.value.utf8.span, expected.utf8.span)
@inline(never)
public func constantTimeEquals(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for i in left.indices { difference |= left[i] ^ right[i] }
    return difference == 0
}

/// Whether both have the same UTF-8, see ``constantTimeEquals(_:_:)-(Span<UInt8>,_)``.
public func constantTimeEquals(_ left: String, _ right: String) -> Bool {
    constantTimeEquals(left.utf8.span, right.utf8.span)
}
