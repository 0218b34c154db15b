/// Fuzzes the frames that supervisor and worker send each other on the bus: wherever a stream is cut, the same frames
/// and the same error come out, each run consists of whole frames, and each header is written as it was read. The first
/// byte says who receives, the second where to cut. Compiled into one module with the codec's sources, which `sources`
/// lists.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzBusFrame(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard count >= 2 else { return 0 }
    let bytes = UnsafeRawBufferPointer(start: start, count: count)
    let accepted: [BusFrame.Kind] = bytes[0] & 1 == 0 ? [.message] : [.message, .joined, .left]
    let stream = UnsafeRawBufferPointer(rebasing: bytes[2...])
    let (frames, error) = split(stream, every: max(1, stream.count), accepted)
    guard split(stream, every: Int(bytes[1]) + 1, accepted) == (frames, error),
        frames.elementsEqual(stream.prefix(frames.count))
    else { fatalError("it matters where the stream is cut") }
    return 0
}

private func split(
    _ stream: UnsafeRawBufferPointer, every size: Int, _ accepted: [BusFrame.Kind]
) -> ([UInt8], BusFrameError?) {
    var splitter = BusFrameSplitter(accepting: accepted)
    var frames: [UInt8] = []
    for start in stride(from: 0, to: stream.count, by: size) {
        let part = UnsafeRawBufferPointer(rebasing: stream[start..<min(start + size, stream.count)])
        let run = splitter.split(part)
        check(run, accepted)
        frames += run
    }
    return (frames, splitter.error)
}

private func check(_ run: [UInt8], _ accepted: [BusFrame.Kind]) {
    var end = 0
    run.withUnsafeBytes { bytes in
        for (frame, offset) in BusFrames(bytes) {
            guard accepted.contains(frame.kind),
                frame.header.elementsEqual(bytes[offset..<offset + BusFrame.headerSize])
            else { fatalError("\(frame) is not what was read") }
            end = offset + frame.size
        }
    }
    guard end == run.count else { fatalError("a run ends within a frame") }
}
