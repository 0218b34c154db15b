/// Any bytes are refused, or mean a frame, or an introduction, that encodes to the same bytes; never both.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRedisChannelFrame(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: count))
    let frame = RedisChannelFrame(decoding: bytes)
    let introduction = LocalIntroduction(decoding: bytes)
    if let frame { precondition(frame.encoded == bytes && frame.sender != 0) }
    if let introduction { precondition(introduction.encoded == bytes && introduction.identity != 0) }
    precondition(frame == nil || introduction == nil)
    return 0
}
