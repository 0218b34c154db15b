import Glibc
import MartletHTTP

/// Tells what the request parser makes of byte streams.
///
/// Standard input holds streams, each behind its length in four bytes, the highest first. For each, one line of JSON is
/// printed: the messages whose heads were accepted, and how reading ended, as Tests/differential/compare reads it.
@main
struct ParserVerdicts {
    static func main() {
        while let stream = readStream() {
            print(Verdict(of: stream).line)
        }
    }

    private static func readStream() -> [UInt8]? {
        guard let prefix = readBytes(4) else { return nil }
        return readBytes(prefix.reduce(0) { $0 << 8 | Int($1) })
    }

    /// That many bytes, nil at the end of the input.
    private static func readBytes(_ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let received = bytes.withUnsafeMutableBytes {
                read(STDIN_FILENO, $0.baseAddress?.advanced(by: filled), count - filled)
            }
            guard received > 0 else { return nil }
            filled += received
        }
        return bytes
    }
}
