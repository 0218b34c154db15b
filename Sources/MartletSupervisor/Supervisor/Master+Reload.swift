import Glibc
import Logging
import MartletLoop

/// A reload under way: what takes effect when it succeeds, and who waits for it.
struct RunningReload {
    var transaction: ReloadTransaction
    let plan: SupervisorPlan
    let files: WorkerFiles
    let sockets: SocketTable.Change
    let startedAt: EventLoop.Instant
    var done: [(ReloadVerdict) -> Void]
}

/// The last reload that ended.
struct LastReload {
    let unixTime: Int64
    let verdict: ReloadVerdict
}

/// Someone waits until these workers have ended.
struct Departure {
    let workers: Set<WorkerID>
    let done: () -> Void
}

extension Master {
    /// Reads the configuration anew and replaces all workers, or changes nothing.
    func reload() async -> ReloadVerdict {
        await withUnsafeContinuation { continuation in
            beginReload { continuation.resume(returning: $0) }
        }
    }

    /// Waits until every worker that is not wanted any more has ended.
    func retiredWorkersGone() async {
        await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
            let retired = Set(workers.filter(\.isRetiring).map(\.id))
            departures.append(Departure(workers: retired) { continuation.resume() })
            bell.ring()
        }
    }

    func beginReload(_ done: @escaping (ReloadVerdict) -> Void) {
        if let obstacle {
            done(ReloadVerdict(ok: false, generation: generation, duration: .zero, messages: [obstacle]))
            return
        }
        let startedAt = EventLoop.Instant.readClock()
        notifier.reloading()
        do {
            let plan = try program.load()
            let files = try WorkerFiles(plan, certificatesVersion: nextCertificatesVersion())
            let change: SocketTable.Change
            do {
                change = try sockets.prepare(
                    plan.listeners, slots: max(slots.count, plan.workers),
                    leaving: leavingSockets.flatMap(\.sockets))
            } catch {
                files.close()
                throw error
            }
            let transaction = ReloadTransaction(generation: generation + 1, workers: plan.workers)
            extendSlots(for: plan.workers)
            reload = RunningReload(
                transaction: transaction, plan: plan, files: files, sockets: change, startedAt: startedAt,
                done: [done])
            perform(transaction.begin())
        } catch {
            extendSlots()
            let messages = "\(error)".split(separator: "\n").map(String.init)
            conclude(false, messages: messages, startedAt: startedAt, done: [done])
        }
    }

    /// Why neither reload nor scale can begin now; `nil` when they can.
    var obstacle: String? {
        if phase == .starting { return "the daemon is still starting; try again when it is ready" }
        if phase == .stopping { return "the daemon is stopping" }
        if reload != nil { return "a reload is running; try again when it is done" }
        if certificateReload != nil { return "certificates are being reloaded; try again when that is done" }
        if scaling != nil { return "the number of workers is being changed; try again when that is done" }
        return nil
    }

    /// Goes on with a reload, and begins what signals have asked for.
    func reconfigure() {
        if let slot = reload?.transaction.slot, slot < slots.count, slots[slot].candidate?.state.isReady == true {
            perform(reload?.transaction.workerReady(slot: slot))
        }
        guard obstacle == nil else { return }
        if wishes.reload {
            wishes.reload = false
            beginReload { _ in }
        } else if wishes.certificates {
            wishes.certificates = false
            beginCertificateReload(.changedFiles) { _ in }
        } else if let workers = wishes.workers(from: wanted) {
            wishes.workersDelta = 0
            beginScale(to: workers) { _ in }
        }
    }

    /// A worker of the reload did not become ready, or has ended.
    func reloadFailed(slot: Int, reason: String) {
        perform(reload?.transaction.workerFailed(slot: slot, reason: reason))
    }

    func abandonReload(reason: String) {
        perform(reload?.transaction.abort(reason: reason))
    }

    private func perform(_ action: ReloadTransaction.Action?) {
        switch action {
        case .start(let slot): startCandidate(in: slot)
        case .commit: commit()
        case .abandon(let reason): abandon(reason: reason)
        case nil: break
        }
        bell.ring()
    }

    private func startCandidate(in index: Int) {
        guard let reload else { return }
        let endpoints = reload.sockets.listeners.compactMap { ListenerEndpoint($0, slot: index) }
        do {
            try spawn(
                in: slots[index], endpoints: endpoints, plan: reload.plan, files: reload.files,
                generation: reload.transaction.generation, isCandidate: true)
        } catch {
            reloadFailed(slot: index, reason: "\(error)")
        }
    }

    private func commit() {
        guard let finished = reload else { return }
        reload = nil
        var old: Set<WorkerID> = []
        for worker in workers {
            if worker.isCandidate {
                worker.isCandidate = false
            } else {
                worker.isRetiring = true
                old.insert(worker.id)
            }
        }
        var remarks = finished.sockets.remarks
        if finished.plan.control != plan.control {
            remarks.append("the control socket has changed: that takes effect at the next start")
        }
        files.close()
        files = finished.files
        plan = finished.plan
        wanted = plan.workers
        generation = finished.transaction.generation
        LogSetup.level = plan.logLevel
        certificatesChanged()
        sockets.apply(finished.sockets)
        keep(finished.sockets.reclaimed.map(\.listener))
        leave(finished.sockets.removed, workers: old)
        for slot in slots { slot.forgive() }
        conclude(true, messages: remarks, startedAt: finished.startedAt, done: finished.done)
    }

    /// Addresses that are gone from the configuration: nobody finds them any more, what has arrived is still accepted.
    private func leave(_ removed: [ListenerSockets], workers: Set<WorkerID>) {
        guard !removed.isEmpty else { return }
        for listener in removed { listener.unlink() }
        leavingSockets.append((removed, workers))
    }

    /// Addresses that are back before their sockets were closed.
    private func keep(_ reclaimed: [ListenerSockets]) {
        let descriptors = Set(reclaimed.map { $0.sockets[0].descriptor })
        for index in leavingSockets.indices {
            leavingSockets[index].sockets.removeAll { descriptors.contains($0.sockets[0].descriptor) }
        }
    }

    /// Closes sockets of removed addresses that nobody accepts from any more.
    func closeLeftSockets() {
        guard !leavingSockets.isEmpty else { return }
        let living = Set(workers.map(\.id))
        for leaving in leavingSockets where leaving.workers.isDisjoint(with: living) {
            for listener in leaving.sockets { listener.close() }
        }
        leavingSockets.removeAll { $0.workers.isDisjoint(with: living) }
    }

    private func abandon(reason: String) {
        guard let failed = reload else { return }
        reload = nil
        // They may have accepted connections already, which are served to their end.
        for worker in workers where worker.isCandidate {
            worker.isCandidate = false
            worker.isRetiring = true
        }
        failed.files.close()
        failed.sockets.cancel()
        conclude(false, messages: [reason], startedAt: failed.startedAt, done: failed.done)
    }

    private func conclude(
        _ ok: Bool, messages: [String], startedAt: EventLoop.Instant, done: [(ReloadVerdict) -> Void]
    ) {
        let verdict = ReloadVerdict(
            ok: ok, generation: generation, duration: EventLoop.Instant.readClock() - startedAt, messages: messages)
        let unixTime = Int64(time(nil))
        lastReload = LastReload(unixTime: unixTime, verdict: verdict)
        countReload(ok, unixTime: unixTime)
        let text = messages.isEmpty ? "" : ": \(messages.joined(separator: "; "))"
        if ok {
            logger.notice("the configuration is reloaded\(text)", metadata: ["generation": "\(generation)"])
        } else {
            note(.error, "the reload is refused, the old configuration goes on\(text)")
        }
        if phase == .running { tellReady() }
        for inform in done { inform(verdict) }
    }

    private func countReload(_ ok: Bool, unixTime: Int64) {
        do throws(SystemError) {
            let counters = try statistics.service()
            counters.add(ok ? .reloadsSucceeded : .reloadsFailed)
            counters.set(.lastReloadAtUnix, UInt64(max(0, unixTime)))
        } catch {
            note(.error, "\(error)")
        }
    }

    private func extendSlots(for workers: Int) {
        extendSlots()
        for index in slots.count..<max(slots.count, workers) { slots.append(Slot(index: index)) }
    }
}
