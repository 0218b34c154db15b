import CMartlet
import FoundationEssentials
import Glibc

// The side of the child: the only code of the program that runs there, beside the work itself.

/// The socket that a process of a pool is started with: the first descriptor after the standard ones.
private nonisolated let socketDescriptor: Int32 = 3

/// Called by CMartlet's constructor, before `main`; returns when the pool wants nothing more.
@_cdecl("martlet_pool_process_main")
nonisolated func poolProcessMain() {
    // For the kernel, when memory runs out, this process shall go before the loop's (man 5 proc, oom_score_adj).
    let score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC)
    if score >= 0 {
        write(score, "500", 3)
        close(score)
    }
    // What the work starts has no business with the socket.
    _ = fcntl(socketDescriptor, F_SETFD, FD_CLOEXEC)
    guard write(Frame.bytes(.ready, Data())) else { return }
    while let frame = readFrame() {
        let answer = WorkCoding.answer(to: frame)
        // What the work printed is to be seen when its answer is.
        fflush(nil)
        guard write(answer) else { return }
    }
}

private nonisolated func readFrame() -> Frame? {
    guard let header = readExactly(Frame.headerSize), let (kind, length) = header.withUnsafeBytes(Frame.header),
        let payload = readExactly(length)
    else { return nil }
    return Frame(kind: kind, payload: payload)
}

/// So many bytes; `nil` when the pool has closed its end.
private nonisolated func readExactly(_ count: Int) -> Data? {
    guard count > 0 else { return Data() }
    guard let memory = malloc(count) else { return nil }
    var filled = 0
    while filled < count {
        let got = read(socketDescriptor, memory + filled, count - filled)
        if got > 0 {
            filled += got
        } else if got == 0 || errno != EINTR {
            free(memory)
            return nil
        }
    }
    return Data(bytesNoCopy: memory, count: count, deallocator: .free)
}

private nonisolated func write(_ bytes: Data) -> Bool {
    bytes.withUnsafeBytes { bytes in
        var sent = 0
        while sent < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[sent...])
            let count = send(socketDescriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
            if count >= 0 { sent += count } else if errno != EINTR { return false }
        }
        return true
    }
}
