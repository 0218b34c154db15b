import CMartlet
import Glibc

/// A process that this one started, behind a pidfd: a signal can never hit a stranger that got the same pid.
///
/// It starts by clone and execve, with every signal at its default and none blocked, and only the descriptors that
/// were asked for beside those that are not close-on-exec.
public final class ChildProcess {
    /// The process's number.
    public let pid: Int32
    /// How it ended; `nil` while it runs.
    public private(set) var status: TerminationStatus?
    /// Called on the loop once it has ended and been reaped.
    public var onExit: ((TerminationStatus) -> Void)?

    private let pidfd: Int32
    private let leadsGroup: Bool
    private var watch: DescriptorWatch?
    private let waiters = WaitQueue<Void, TerminationStatus>()

    private init(pid: Int32, pidfd: Int32, leadsGroup: Bool) throws(SystemError) {
        self.pid = pid
        self.pidfd = pidfd
        self.leadsGroup = leadsGroup
        do throws(SystemError) {
            // The watch keeps the object alive until the child is reaped, so that there are no zombies.
            watch = try EventLoop.main.watch(pidfd, for: .readable) { _ in self.reap() }
        } catch {
            _ = martlet_pidfd_signal(pidfd, SIGKILL)
            while waitpid(pid, nil, 0) < 0 && errno == EINTR {}
            close(pidfd)
            throw error
        }
    }

    /// Starts a program.
    ///
    /// - Throws: when there can be no new process, or it cannot be made into what was asked for: no such file, no
    ///   permission, no such directory, a zero byte in an argument. Then nothing is left of it.
    public static func spawn(_ request: SpawnRequest) throws(SystemError) -> ChildProcess {
        try request.check()
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
        spawn.new_group = request.startsGroup

        var pidfd: Int32 = -1
        var step: Int32 = 0
        let groups = request.credentials?.supplementaryGroups ?? []
        if let credentials = request.credentials {
            spawn.changes_user = true
            spawn.user = credentials.user
            spawn.group = credentials.group
        }
        let pid = request.descriptors.withUnsafeBufferPointer { descriptors in
            groups.withUnsafeBufferPointer { groups in
                spawn.descriptors = descriptors.baseAddress
                spawn.descriptor_count = Int32(descriptors.count)
                spawn.groups = groups.baseAddress
                spawn.group_count = Int32(groups.count)
                return martlet_spawn(&spawn, &pidfd, &step)
            }
        }
        withExtendedLifetime((arguments, environment, path, directory)) {}
        guard pid > 0 else { throw failure(of: request, step: step, code: -pid) }
        return try ChildProcess(pid: pid, pidfd: pidfd, leadsGroup: request.startsGroup)
    }

    private static func failure(of request: SpawnRequest, step: Int32, code: Int32) -> SystemError {
        let program = request.program
        return switch step {
        case 1: SystemError("pass descriptors to", target: program, code: code)
        case 2: SystemError("start \(program) in", target: request.workingDirectory, code: code)
        case 4:
            SystemError(
                "start \(program) as user", target: request.credentials.map { "\($0.user)" }, code: code,
                advice: code == EPERM ? "only root may; run as root, or as that user" : nil)
        case 3: SystemError("execute", target: program, code: code, advice: advice(executing: program, code: code))
        default: SystemError("start a process for", target: program, code: code, advice: advice(cloning: code))
        }
    }

    private static func advice(executing program: String, code: Int32) -> String? {
        switch code {
        case ENOENT where access(program, F_OK) == 0:
            "the interpreter that its first line names, or its dynamic linker, is not there"
        case ENOEXEC: "it is no program: a script begins with a line such as #!/bin/sh"
        case E2BIG: "its arguments and environment are too long (getconf ARG_MAX): use its standard input, or files"
        case ETXTBSY: "somebody has the file open for writing"
        default: nil
        }
    }

    private static func advice(cloning code: Int32) -> String? {
        switch code {
        case EAGAIN: "raise the limit of processes (TasksMax, ulimit -u) or run fewer at once"
        case EMFILE, ENFILE: "raise the limit of open files (LimitNOFILE, ulimit -n) or run fewer at once"
        default: nil
        }
    }

    /// Sends a signal (man 7 signal), to its whole group if it was started with `startsGroup`. Nothing happens when the
    /// process has ended.
    ///
    /// - Throws: when there is no such signal, or this process may not send it: the other one runs as another user.
    public func signal(_ number: Int32) throws(SystemError) {
        guard status == nil else { return }
        let result = leadsGroup ? signalGroup(number) : martlet_pidfd_signal(pidfd, number)
        if result < 0 && result != -ESRCH {
            throw SystemError("send signal \(number) to", target: "process \(pid)", code: -result)
        }
    }

    /// The group's number is that of its leader, which nobody else can get before the leader is reaped.
    private func signalGroup(_ number: Int32) -> Int32 {
        kill(-pid, number) < 0 ? -errno : 0
    }

    /// Waits until it has ended. Any number may wait; cancelling one ends that wait and not the process.
    ///
    /// Meanwhile virtual time stands still: what the process does takes real time.
    public func wait() async throws(CancellationError) -> TerminationStatus {
        if let status { return status }
        EventLoop.main.externalWork += 1
        defer { EventLoop.main.externalWork -= 1 }
        return try await waiters.wait(())
    }

    private func reap() {
        if leadsGroup {
            guard martlet_pidfd_has_ended(pidfd) != 0 else { return }
            _ = signalGroup(SIGKILL)
        }
        var code: Int32 = 0
        var value: Int32 = 0
        let result = martlet_pidfd_reap(pidfd, &code, &value)
        guard result != 0 else { return }
        let ended: TerminationStatus =
            if result < 0 {
                // Somebody else has reaped it (ECHILD): the shells' number for a status that is not known.
                .exited(127)
            } else if code == CLD_EXITED {
                .exited(value)
            } else {
                .signaled(value, coreDumped: code == CLD_DUMPED)
            }
        status = ended
        watch?.cancel()
        watch = nil
        close(pidfd)
        waiters.answerAll(ended)
        onExit?(ended)
        onExit = nil
    }
}
