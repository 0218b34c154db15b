/// Fuzzes what workers tell each other about channels: any bytes are either refused or mean exactly one message, which
/// encodes to the same bytes. Compiled into one module with the codec's sources, which `sources` lists.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzChannelMessage(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard let message = ChannelMessage(decoding: bytes) else { return 0 }
    guard message.encoded == bytes else {
        fatalError("\(message) does not encode to the bytes that it was decoded from")
    }
    return 0
}
