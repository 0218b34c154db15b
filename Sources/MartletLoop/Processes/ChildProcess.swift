import CMartlet
import Glibc

/// A process that this one started, behind a pidfd: a signal can never hit a stranger that got the same pid.
///
/// It starts by clone3 and execve, with every signal at its default and none blocked, and only the descriptors that
/// were asked for beside those that are not close-on-exec.
public final class ChildProcess {
    /// The process's number.
    public let pid: Int32
    /// How it ended; `nil` while it runs.
    public private(set) var status: TerminationStatus?
    /// Called on the loop once it has ended and been reaped.
    public var onExit: ((TerminationStatus) -> Void)?

    private let pidfd: Int32
    private var watch: DescriptorWatch?
    private var waiters: [UnsafeContinuation<TerminationStatus, Never>] = []

    private init(pid: Int32, pidfd: Int32) throws(SystemError) {
        self.pid = pid
        self.pidfd = pidfd
        // The watch keeps the object alive until the child is reaped, so that there are no zombies.
        watch = try EventLoop.main.watch(pidfd, for: .readable) { _ in self.reap() }
    }

    /// Starts a program.
    ///
    /// - Throws: when there can be no new process, or it cannot be made into what was asked for: no such file, no
    ///   permission, no such directory. Then nothing is left of it.
    public static func spawn(_ request: SpawnRequest) throws(SystemError) -> ChildProcess {
        let arguments = CStringArray(request.arguments)
        let environment = request.environment.map(CStringArray.init)
        let path: CStringArray
        var spawn = martlet_spawn()
        switch request.executable {
        case .path(let name):
            path = CStringArray([name])
            spawn.executable = -1
        case .descriptor(let descriptor):
            path = CStringArray(["descriptor \(descriptor)"])
            spawn.executable = descriptor
        }
        let directory = request.workingDirectory.map { CStringArray([$0]) }
        spawn.path = UnsafePointer(path[0])
        spawn.arguments = UnsafePointer(arguments.pointer)
        spawn.environment = UnsafePointer(environment?.pointer ?? environ)
        spawn.directory = directory.flatMap { UnsafePointer($0[0]) }
        spawn.standard = (request.standardInput ?? -1, request.standardOutput ?? -1, request.standardError ?? -1)
        spawn.parent_death_signal = request.parentDeathSignal ?? 0
        spawn.new_session = request.startsSession

        var pidfd: Int32 = -1
        var step: Int32 = 0
        let pid = request.descriptors.withUnsafeBufferPointer { descriptors in
            spawn.descriptors = descriptors.baseAddress
            spawn.descriptor_count = Int32(descriptors.count)
            return martlet_spawn(&spawn, &pidfd, &step)
        }
        withExtendedLifetime((arguments, environment, path, directory)) {}
        guard pid > 0 else { throw failure(of: request, step: step, code: -pid) }
        return try ChildProcess(pid: pid, pidfd: pidfd)
    }

    private static func failure(of request: SpawnRequest, step: Int32, code: Int32) -> SystemError {
        let program =
            switch request.executable {
            case .path(let path): path
            case .descriptor: request.arguments.first ?? "the program"
            }
        return switch step {
        case 1: SystemError("pass descriptors to", target: program, code: code)
        case 2: SystemError("start \(program) in", target: request.workingDirectory, code: code)
        case 3: SystemError("execute", target: program, code: code)
        default: SystemError("start a process for", target: program, code: code)
        }
    }

    /// Sends a signal (man 7 signal). Nothing happens when the process has ended.
    public func signal(_ number: Int32) throws(SystemError) {
        guard status == nil else { return }
        let result = martlet_pidfd_signal(pidfd, number)
        if result < 0 && result != -ESRCH {
            throw SystemError("send signal \(number) to", target: "process \(pid)", code: -result)
        }
    }

    /// Waits until it has ended. Any number may wait; cancelling one does not end the process.
    public func wait() async -> TerminationStatus {
        if let status { return status }
        return await withUnsafeContinuation { waiters.append($0) }
    }

    private func reap() {
        var code: Int32 = 0
        var value: Int32 = 0
        guard martlet_pidfd_reap(pidfd, &code, &value) != 0 else { return }
        let ended: TerminationStatus =
            code == CLD_EXITED ? .exited(value) : .signaled(value, coreDumped: code == CLD_DUMPED)
        status = ended
        watch?.cancel()
        watch = nil
        close(pidfd)
        let waiting = waiters
        waiters = []
        for waiter in waiting { waiter.resume(returning: ended) }
        onExit?(ended)
        onExit = nil
    }
}

/// A null-terminated array of C strings, as execve takes it.
private final class CStringArray {
    let pointer: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    init(_ strings: [String]) {
        count = strings.count
        pointer = .allocate(capacity: count + 1)
        for (index, string) in strings.enumerated() {
            pointer[index] = strdup(string)
        }
        pointer[count] = nil
    }

    subscript(index: Int) -> UnsafeMutablePointer<CChar>? { pointer[index] }

    isolated deinit {
        for index in 0..<count { free(pointer[index]) }
        pointer.deallocate()
    }
}
