import CMartlet
import Glibc
import MartletLoop

/// Seals of memory files, from linux/fcntl.h, which Swift does not import (man 2 fcntl).
private nonisolated enum Seal {
    static let add: Int32 = 1033
    static let seal: Int32 = 1
    static let shrink: Int32 = 2
    static let grow: Int32 = 4
}

/// Memory that the supervisor owns and workers map: a sealed sparse file of fixed size.
///
/// Pointers into it never move, only touched pages exist, and no worker can shrink it under anybody's feet.
nonisolated struct SharedMemory {
    /// The memory file; pass it to workers. Close-on-exec.
    let descriptor: Int32
    /// Where it is mapped.
    let base: UnsafeMutableRawPointer
    /// Its size in bytes.
    let size: Int

    /// Creates memory that is zero.
    ///
    /// - Parameters:
    ///   - name: for `/proc/PID/fd` and messages: `martlet-statistics`.
    ///   - size: its size in bytes.
    init(_ name: String, size: Int) throws(SystemError) {
        let file = martlet_memfd(name)
        guard file >= 0 else { throw SystemError("create the memory \(name)", code: -file) }
        guard ftruncate(file, size) == 0, fcntl(file, Seal.add, Seal.seal | Seal.shrink | Seal.grow) == 0 else {
            let error = SystemError("size the memory \(name)", target: "to \(size) bytes")
            Glibc.close(file)
            throw error
        }
        do throws(SystemError) {
            base = try Self.map(file, offset: 0, size: size, "map the memory \(name)")
        } catch {
            Glibc.close(file)
            throw error
        }
        descriptor = file
        self.size = size
    }

    /// Unmaps it and closes the descriptor; nothing in it may be used any more.
    func close() {
        munmap(base, size)
        Glibc.close(descriptor)
    }

    /// Maps part of a memory file, for the rest of the process's life.
    ///
    /// - Parameters:
    ///   - descriptor: the memory file, which may be closed afterwards.
    ///   - offset: where the part starts, a multiple of the page size.
    ///   - size: how many bytes it has.
    ///   - operation: for messages: `map the statistics block`.
    ///   - isWritable: whether this process may write to it.
    /// - Throws: `EINVAL` when the file ends before the part does, or the error of fstat or mmap.
    static func map(
        _ descriptor: Int32, offset: Int, size: Int, _ operation: String, isWritable: Bool = true
    ) throws(SystemError) -> UnsafeMutableRawPointer {
        let target = "at offset \(offset) of descriptor \(descriptor)"
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else { throw SystemError(operation, target: target) }
        // A page beyond the end of the file would be a SIGBUS at the first access.
        guard Int(facts.st_size) >= size, Int(facts.st_size) - size >= offset else {
            throw SystemError(operation, target: target, code: EINVAL, advice: "the memory ends before \(size) bytes")
        }
        let memory = mmap(nil, size, isWritable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, descriptor, offset)
        guard let memory, memory != MAP_FAILED else { throw SystemError(operation, target: target) }
        return memory
    }
}
