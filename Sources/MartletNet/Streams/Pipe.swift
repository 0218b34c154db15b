import CMartlet
import Glibc
import MartletLoop

/// A pipe of the kernel (man 7 pipe): what is written to one end is read from the other.
public struct Pipe {
    /// The end to read from; at its end when the writing end and all its copies are closed.
    public let reading: ByteStream
    /// The end to write to; `finishWriting` closes it.
    public let writing: ByteStream

    /// Makes a pipe, both ends of which are close-on-exec. Each end is to be closed.
    ///
    /// - Throws: when there are too many open files.
    public static func make() throws(SystemError) -> Pipe {
        let ends = try descriptors()
        do throws(SystemError) {
            let reading = try ByteStream(reading: ends.reading)
            do throws(SystemError) {
                return Pipe(reading: reading, writing: try ByteStream(writing: ends.writing))
            } catch {
                reading.close()
                throw error
            }
        } catch {
            Glibc.close(ends.writing)
            throw error
        }
    }

    /// A pipe's two descriptors, close-on-exec and blocking, for one end to be passed to another process.
    package static func descriptors() throws(SystemError) -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        guard martlet_pipe(&ends) == 0 else { throw SystemError("make a pipe") }
        return (ends[0], ends[1])
    }

    /// Closes both ends.
    public func close() {
        reading.close()
        writing.close()
    }
}
