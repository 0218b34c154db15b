import CCachedReads
import CSQLite
import Glibc

/// Reads that take from the kernel's cache alone what they need of a file.
@MainActor
enum CachedReads {
    /// Why a read was not done.
    enum Refusal {
        /// It was.
        case none
        /// It would have had to wait for the disk.
        case notInMemory
        /// The file system cannot say.
        case unknown
    }

    /// Whether SQLite lets its reads be replaced, which is done the first time that this is asked.
    static let areTold = martlet_sqlite_read_by(martlet_read_if_cached) == SQLITE_OK

    /// Runs `body`, in which reads of files that would wait for the disk fail.
    ///
    /// - Parameter refusal: whether one has.
    static func only<Value>(_ refusal: inout Refusal, _ body: () throws -> Value) throws -> Value {
        martlet_forbid_disk_reads(true)
        defer {
            switch martlet_disk_read_refusal() {
            case 0: break
            case EAGAIN: refusal = .notInMemory
            default: refusal = .unknown
            }
            martlet_forbid_disk_reads(false)
        }
        return try body()
    }
}
