import Glibc
import Logging
import MartletLoop

/// Certificates that the workers are making ready.
struct RunningCertificateReload {
    /// Why it was begun.
    enum Cause {
        case command
        case changedFiles
    }

    let cause: Cause
    let version: Int
    let plan: TLSPlan
    let file: Int32
    /// Those that have to say that they can use them.
    var waiting: Set<WorkerID>
    let startedAt: EventLoop.Instant
    let deadline: EventLoop.Instant
    let done: (CertificateVerdict) -> Void
}

/// What came of a reload of the certificates.
public nonisolated struct CertificateVerdict: Sendable {
    /// Whether new handshakes use the files as they are now. If not, nothing has changed.
    public let ok: Bool
    /// Whether they say anything else than before.
    public let hasChanged: Bool
    /// The certificates that clients are shown now.
    public let certificates: [ServedCertificate]
    /// How long it took.
    public let duration: Duration
    /// Why it was refused or failed; or what to know although it succeeded.
    public let messages: [String]
}

extension Master {
    /// How long workers have beyond the time in which one that stands still is found out.
    private static let patience: Duration = .seconds(5)

    /// Reads the files of certificates and keys anew, and has all workers use them for new handshakes, or changes nothing.
    func reloadCertificates() async -> CertificateVerdict {
        await withUnsafeContinuation { continuation in
            beginCertificateReload(.command) { continuation.resume(returning: $0) }
        }
    }

    /// The course: read and check; have every worker make them ready beside those that it uses; when all have, tell all
    /// to use them. No worker is replaced, no connection ends.
    func beginCertificateReload(
        _ cause: RunningCertificateReload.Cause, _ done: @escaping (CertificateVerdict) -> Void
    ) {
        let startedAt = EventLoop.Instant.readClock()
        func refuse(_ message: String) {
            done(verdict(false, hasChanged: false, since: startedAt, [message]))
        }
        if let obstacle { return refuse(obstacle) }
        guard let present = plan.tls else {
            return refuse("no listener has TLS; add [listen.tls] to the configuration and reload it")
        }
        do {
            let new = try present.reload()
            guard new.material != present.material else {
                lastCertificateFailure = []
                done(verdict(true, hasChanged: false, since: startedAt, []))
                return
            }
            let file = try WorkerSpawner.sealedFile("certificates", new.material)
            let version = nextCertificatesVersion()
            let users = workers.filter { $0.state.isReady && !$0.isRetiring && $0.exit == nil }
            for worker in users {
                worker.askedForCertificates = version
                worker.prepare(certificates: file, version: version)
            }
            certificateReload = RunningCertificateReload(
                cause: cause, version: version, plan: new, file: file, waiting: Set(users.map(\.id)),
                startedAt: startedAt, deadline: startedAt + stallTimeout + Self.patience, done: done)
            bell.ring()
        } catch {
            let messages = "\(error)".split(separator: "\n").map(String.init)
            conclude(false, cause, messages: messages, since: startedAt, done)
        }
    }

    /// Goes on with a reload of certificates, and sees to it that workers that came meanwhile have the present ones.
    func settleCertificates() {
        settleCertificateReload()
        for worker in workers
        where worker.certificatesVersion < files.certificatesVersion && worker.state.isReady && !worker.isRetiring {
            bringUpToDate(worker)
        }
        if now >= nextTicketRotation { rotateTicketKeys() }
    }

    /// Waits until no reload of certificates is under way.
    func certificateReloadEnds() async {
        while certificateReload != nil {
            await withUnsafeContinuation { waitingForCertificates.append($0) }
        }
    }

    private func bringUpToDate(_ worker: WorkerProcess) {
        let version = files.certificatesVersion
        switch worker.prepared {
        case (version, nil)?:
            worker.send(.useTLS(version: version))
            worker.certificatesVersion = version
        case (version, let problem?)?:
            // One that starts anew reads the same files: it says what is wrong, and is tried again at intervals.
            note(
                .error, "worker \(worker.pid) of slot \(worker.slot) cannot use the certificates, and ends: \(problem)")
            worker.isRetiring = true
        default:
            guard worker.askedForCertificates != version else { return }
            worker.askedForCertificates = version
            worker.prepare(certificates: files.certificates, version: version)
        }
    }

    private func settleCertificateReload() {
        defer {
            if certificateReload == nil {
                for waiting in waitingForCertificates { waiting.resume() }
                waitingForCertificates = []
            }
        }
        guard var running = certificateReload else { return }
        let living = Dictionary(uniqueKeysWithValues: workers.map { ($0.id, $0) })
        var problems: [String] = []
        for id in running.waiting {
            guard let worker = living[id], worker.state.isReady, !worker.isRetiring, worker.exit == nil else {
                running.waiting.remove(id)  // whoever comes in its place starts with what is decided here
                continue
            }
            guard let answer = worker.prepared, answer.version == running.version else { continue }
            running.waiting.remove(id)
            if let problem = answer.problem {
                problems.append("worker \(worker.pid) of slot \(worker.slot): \(problem)")
            }
        }
        certificateReload = running
        if problems.isEmpty, !running.waiting.isEmpty, now > running.deadline {
            problems.append("not every worker answered in time")
        }
        if phase == .stopping { problems.append("the daemon is stopping") }
        guard problems.isEmpty else {
            certificateReload = nil
            close(running.file)
            return conclude(false, running.cause, messages: problems, since: running.startedAt, running.done)
        }
        guard running.waiting.isEmpty else { return }
        certificateReload = nil
        plan.tls = running.plan
        files.replaceCertificates(running.file, version: running.version)
        certificatesChanged()
        conclude(true, running.cause, messages: [], since: running.startedAt, running.done)
    }

    private func verdict(
        _ ok: Bool, hasChanged: Bool, since startedAt: EventLoop.Instant, _ messages: [String]
    ) -> CertificateVerdict {
        let certificates = plan.tls?.certificates ?? []
        var messages = messages
        if ok { messages += plan.tls?.warnings(at: Int64(time(nil))) ?? [] }
        return CertificateVerdict(
            ok: ok, hasChanged: hasChanged, certificates: certificates,
            duration: EventLoop.Instant.readClock() - startedAt, messages: messages)
    }

    private func conclude(
        _ ok: Bool, _ cause: RunningCertificateReload.Cause, messages: [String], since startedAt: EventLoop.Instant,
        _ done: (CertificateVerdict) -> Void
    ) {
        let verdict = verdict(ok, hasChanged: ok, since: startedAt, messages)
        // What did not go this time may go the next: while somebody changes modes, or descriptors are short.
        if !ok, cause == .changedFiles { certificateWatch?.forget() }
        let isKnown = cause == .changedFiles && messages == lastCertificateFailure
        lastCertificateFailure = ok ? [] : messages
        guard ok || !isKnown else { return done(verdict) }
        countCertificateReload(ok)
        let what = cause == .changedFiles ? "the files of certificates have changed" : "certificates are reloaded"
        if ok {
            let names = Set(verdict.certificates.flatMap(\.names)).sorted().joined(separator: ", ")
            logger.notice("\(what): new handshakes use them", metadata: ["names": "\(names)"])
        } else {
            note(.error, "\(what), but cannot be used, the old ones go on: \(messages.joined(separator: "; "))")
        }
        done(verdict)
    }

    private func countCertificateReload(_ ok: Bool) {
        do throws(SystemError) {
            try statistics.service().add(ok ? .certificateReloadsSucceeded : .certificateReloadsFailed)
        } catch {
            note(.error, "\(error)")
        }
    }

    // MARK: What follows from other certificates

    /// Watches the files of the plan, and looks at what they say about their time.
    func certificatesChanged() {
        certificateWatch?.cancel()
        certificateWatch = nil
        if let tls = plan.tls, tls.watchesFiles {
            certificateWatch = FileWatch(tls.files, known: tls.signatures) { [unowned self] in
                wishes.certificates = true
                bell.ring()
            }
        }
        if let interval = plan.tls?.ticketRotation { nextTicketRotation = min(nextTicketRotation, now + interval) }
        for remark in plan.tls?.remarks ?? [] { note(.warning, remark) }
        warnOfCertificates()
    }

    /// Says which certificates need care, each once a day.
    func warnOfCertificates() {
        guard let tls = plan.tls else { return }
        for warning in certificateWarnings.due(tls, at: Int64(time(nil))) { note(.warning, warning) }
    }

    private func rotateTicketKeys() {
        nextTicketRotation = now + (plan.tls?.ticketRotation ?? .seconds(3600))
        guard plan.tls != nil else { return }
        ticketKeyMemory.rotate()
        logger.info("the keys for session tickets have changed")
    }
}
