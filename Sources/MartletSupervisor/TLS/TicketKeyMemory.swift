import CMartlet
import Glibc
import MartletLoop

/// The keys that session tickets are encrypted with, in memory of the supervisor that the workers read: tickets of one
/// worker are good for all others, and outlive a crash, a reload of the configuration and one of the certificates.
///
/// Only the supervisor writes. A page of 64-bit words: magic, sequence, then the keys from the ninth word on: the next
/// one, the present one, and the last two. The sequence is odd while somebody writes and goes up with each rotation; who
/// reads looks at it before and after (a seqlock). A key that becomes the present one was accepted by everybody for a
/// whole period before, so it does not matter which worker notices first.
public nonisolated struct TicketKeyMemory: @unchecked Sendable {
    // @unchecked Sendable: a constant pointer to memory that outlives every copy, accessed only by atomic operations on
    // single aligned words.
    private let words: UnsafeMutablePointer<UInt64>

    /// A key: 16 bytes that name it in a ticket, 32 to encrypt, and 32 to authenticate.
    public static let keyLength = 80
    /// The size of the memory in bytes.
    static let size = 4096

    private static let magic: UInt64 = "MARTLETK".utf8.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    private static let keyWords = keyLength / 8
    private static let first = 8
    private static let mostAttempts = 1000

    /// Keys to use from now on.
    public struct Keys: Sendable {
        /// What new tickets are encrypted with.
        public let present: [UInt8]
        /// What else is accepted: the key that comes next, which other workers may use already, and the last two.
        public let others: [[UInt8]]
    }

    /// Makes the memory, which is zero, ready, with keys.
    static func create(in base: UnsafeMutableRawPointer) -> TicketKeyMemory {
        let memory = TicketKeyMemory(base: base)
        for slot in 0..<4 { memory.write(memory.freshKey(), at: slot) }
        martlet_shared_store(memory.words + 1, 2)
        martlet_shared_store(memory.words, Self.magic)
        // Whoever gets hold of a core dump would read what clients have sent. Fails only on kernels without the advice.
        madvise(base, Self.size, MADV_DONTDUMP)
        return memory
    }

    /// Opens what a supervisor has made; nil when it is none.
    init?(opening base: UnsafeMutableRawPointer) {
        self.init(base: base)
        guard martlet_shared_load(words) == Self.magic else { return nil }
    }

    private init(base: UnsafeMutableRawPointer) {
        words = base.assumingMemoryBound(to: UInt64.self)
    }

    /// Changes with each rotation.
    var sequence: UInt64 { martlet_shared_load(words + 1) }

    /// The keys as they are now; `nil` when somebody writes all the time, which only a broken supervisor does.
    func read() -> Keys? {
        for _ in 0..<Self.mostAttempts {
            let before = sequence
            guard before.isMultiple(of: 2) else { continue }
            let keys = (0..<4).map(key)
            // Every load acquires: this one comes after those of the keys.
            if sequence == before {
                return Keys(present: keys[1], others: [keys[0], keys[2], keys[3]])
            }
        }
        return nil
    }

    /// The next key becomes the present one; the oldest is forgotten.
    func rotate() {
        let keys = (0..<3).map(key)
        let before = sequence
        // Every store releases: the keys become visible after this one and before the last one.
        martlet_shared_store(words + 1, before &+ 1)
        write(freshKey(), at: 0)
        for (slot, key) in keys.enumerated() { write(key, at: slot + 1) }
        martlet_shared_store(words + 1, before &+ 2)
    }

    private func key(_ slot: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.keyLength)
        for index in 0..<Self.keyWords {
            let word = martlet_shared_load(words + Self.first + slot * Self.keyWords + index)
            withUnsafeBytes(of: word) { bytes += $0 }
        }
        return bytes
    }

    private func write(_ key: [UInt8], at slot: Int) {
        key.withUnsafeBytes { bytes in
            for index in 0..<Self.keyWords {
                let word = bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self)
                martlet_shared_store(words + Self.first + slot * Self.keyWords + index, word)
            }
        }
    }

    /// From the kernel's generator (man 2 getrandom), which is what the system's generator is on Linux.
    private func freshKey() -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        var bytes: [UInt8] = []
        while bytes.count < Self.keyLength { withUnsafeBytes(of: generator.next()) { bytes += $0 } }
        return bytes
    }
}
