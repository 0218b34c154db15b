/// Fuzzes the codec between supervisor and worker: any bytes are either refused with an error or mean exactly one
/// message, which encodes to the same bytes. Compiled into one module with the codec's sources, which `sources` lists.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzWorkerMessage(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    check(WorkerCommand.self, bytes)
    check(WorkerReport.self, bytes)
    return 0
}

private func check<Message: WorkerMessage>(_ type: Message.Type, _ bytes: [UInt8]) {
    guard let message = try? Message(decoding: bytes) else { return }
    guard let encoded = try? message.encoded(), encoded == bytes else {
        fatalError("\(message) does not encode to the bytes that it was decoded from")
    }
}
