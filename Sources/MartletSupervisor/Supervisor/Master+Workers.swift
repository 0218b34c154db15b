import CMartlet
import Glibc
import Logging
import MartletLoop

extension Master {
    /// How long a stalled worker gets to write its backtrace.
    private static let backtraceTime: Duration = .seconds(1)
    /// How long a worker has beyond its drain timeout, to close what is open.
    private static let graceTime: Duration = .seconds(1)
    /// Workers that may start at the same time: a thousand at once would all miss the deadline.
    private static let startsAtOnce = 8

    // MARK: Ends

    /// Draws the conclusions from processes that have ended.
    func reap() {
        for slot in slots {
            for worker in slot.workers {
                guard let status = worker.exit else { continue }
                slot.workers.removeAll { $0 === worker }
                forget(worker)
                judge(worker.state.ending(status, failure: worker.failure), of: worker, status: status, in: slot)
            }
        }
    }

    private func forget(_ worker: WorkerProcess) {
        status.retire(requests: worker.statistics.http.load(.requests))
        statistics.retire(worker.statistics)
        metrics.retire(worker.metrics)
        bus.remove(worker.id)
        worker.close()
    }

    private func judge(_ ending: WorkerState.Ending, of worker: WorkerProcess, status: TerminationStatus, in slot: Slot)
    {
        let who = "worker \(worker.pid) of slot \(slot.index)"
        switch ending {
        case .expected:
            logger.info("\(who) has ended", metadata: ["generation": "\(worker.generation)"])
        case .drainTimeout:
            count(.drainKills, slot: slot.index)
            note(.warning, "\(who) was killed: it had not ended \(Self.graceTime) after its drain timeout")
        case .failedStart(let reason):
            note(.error, "\(who) did not start: \(reason)")
            failed(worker, readySince: nil, reason: reason, in: slot)
        case .crashed(let since):
            // One that leaves on its own account may be gone before that is looked at.
            note(.error, worker.failure.map { "\(who) has ended: \($0)" } ?? "\(who) \(status)")
            failed(worker, readySince: since, reason: worker.failure ?? "it \(status)", in: slot)
        case .stalled:
            // Counted and replaced when it was found out.
            logger.info("\(who), which stood still, is gone")
            if worker.isCandidate { reloadFailed(slot: slot.index, reason: "its event loop stood still") }
        }
    }

    /// A worker has failed that was wanted.
    private func failed(_ worker: WorkerProcess, readySince: EventLoop.Instant?, reason: String, in slot: Slot) {
        if worker.isCandidate {
            reloadFailed(slot: slot.index, reason: reason)
            return
        }
        if phase == .starting { firstFailures[slot.index] = reason }
        guard phase != .stopping, !worker.isRetiring else { return }
        scaleFailed(slot: slot.index, reason: reason)
        countFailure(.respawns, in: slot, readySince: readySince)
    }

    private func countFailure(_ counter: SlotCounter, in slot: Slot, readySince: EventLoop.Instant?) {
        slot.respawns += 1
        count(.respawns, slot: slot.index)
        if counter != .respawns { count(counter, slot: slot.index) }
        let delay = slot.workerFailed(readySince: readySince, now: now)
        if delay > .zero { logger.warning("slot \(slot.index) starts its next worker in \(delay)") }
    }

    private func count(_ counter: SlotCounter, slot: Int) {
        do throws(SystemError) {
            try statistics.count(counter, slot: slot)
        } catch {
            note(.error, "\(error)")
        }
    }

    // MARK: Health

    /// Sees which workers have become ready, are late, or stand still.
    ///
    /// - Parameter isLate: this process itself has been held up, and knows nothing about the time before.
    func watchWorkers(isLate: Bool) {
        for slot in slots {
            for worker in slot.workers where worker.exit == nil { watch(worker, in: slot, isLate: isLate) }
        }
    }

    private func watch(_ worker: WorkerProcess, in slot: Slot, isLate: Bool) {
        switch worker.state {
        case .proving(let ticks, _) where worker.ticks > ticks:
            worker.state = .ready(since: now)
            worker.stallWatch = StallWatch(ticks: worker.ticks, at: now)
            refreshFigures(of: worker, thoroughly: true)
            logger.info(
                "worker \(worker.pid) of slot \(slot.index) is ready",
                metadata: ["generation": "\(worker.generation)", "after": "\(now - worker.startedAt)"])
        case .starting(let deadline) where deadline <= now:
            worker.kill(.failedStart("it was not ready within \(plan.startTimeout)"))
        case .proving(_, let deadline) where deadline <= now:
            worker.kill(.failedStart("it said that it was ready, but its event loop stands still"))
        case .ready(let since) where worker.failure != nil && !worker.isRetiring:
            leaves(worker, readySince: since, in: slot)
        case .ready(let since):
            if isLate { worker.stallWatch.restart(at: now) }
            if worker.stallWatch.look(ticks: worker.ticks, at: now) >= stallTimeout {
                stalled(worker, readySince: since, in: slot)
            }
        case .stalled(let since, let killAt) where killAt <= now:
            worker.kill(.stalled(readySince: since))
        case .draining(let killAt) where killAt <= now:
            worker.kill(stop?.isFast == true ? .unwanted : .drainTimeout)
        default: break
        }
    }

    /// A worker that was ready ends on its own account, as after a signal of its own: it is replaced while it drains.
    private func leaves(_ worker: WorkerProcess, readySince: EventLoop.Instant, in slot: Slot) {
        let reason = worker.failure ?? "it ends"
        note(.warning, "worker \(worker.pid) of slot \(slot.index) leaves: \(reason)")
        if worker.isCandidate {
            reloadFailed(slot: slot.index, reason: reason)
        } else {
            countFailure(.respawns, in: slot, readySince: readySince)
        }
        worker.isRetiring = true
    }

    private func stalled(_ worker: WorkerProcess, readySince: EventLoop.Instant, in slot: Slot) {
        let state = ProcessFacts.read(pid: worker.pid).map { String($0.state) } ?? "unknown"
        // The function of the kernel that it sleeps in; 0 when it runs (man 5 proc).
        let place = HostFiles.system["/proc/\(worker.pid)/wchan"] ?? "0"
        note(
            .error,
            "worker \(worker.pid) of slot \(slot.index) is replaced: its event loop has stood still for \(stallTimeout)"
                + " (process state \(state)\(place == "0" ? "" : ", in \(place)"))")
        worker.state = .stalled(since: readySince, killAt: now + Self.backtraceTime)
        worker.signal(martlet_backtrace_signal())
        guard !worker.isCandidate, !worker.isRetiring, phase != .stopping else { return }
        countFailure(.stalls, in: slot, readySince: readySince)
    }

    // MARK: Starts

    /// Starts what is wanted and missing.
    func startWorkers() {
        guard phase != .stopping else { return }
        var coming = workers.count { $0.state.isComing }
        for slot in slots.prefix(wanted) where coming < Self.startsAtOnce {
            guard slot.current == nil, slot.candidate == nil, slot.restsUntil <= now else { continue }
            // What the first generation's first attempts come to is judged before there is a second.
            if phase == .starting, firstFailures[slot.index] != nil { continue }
            coming += 1
            start(in: slot)
        }
    }

    private func start(in slot: Slot) {
        let endpoints = sockets.endpoints(ofSlot: slot.index)
        do {
            try spawn(
                in: slot, endpoints: endpoints, plan: plan, files: files, generation: generation, isCandidate: false)
        } catch {
            note(.error, "slot \(slot.index) has no worker: \(error)")
            if phase == .starting { firstFailures[slot.index] = "\(error)" }
            scaleFailed(slot: slot.index, reason: "\(error)")
            _ = slot.workerFailed(readySince: nil, now: now)
            bell.ring()
        }
    }

    /// Starts a process in a slot and tells it who it is.
    ///
    /// - Throws: `SystemError` or `WorkerMessageError`, why there is none.
    func spawn(
        in slot: Slot, endpoints: [ListenerEndpoint], plan: SupervisorPlan, files: WorkerFiles, generation: Int,
        isCandidate: Bool
    ) throws {
        let block = try statistics.allocate(slot: slot.index)
        var page: MetricsLedger.Page?
        do {
            let metrics = try metrics.allocate()
            page = metrics
            let start = WorkerCommand.start(
                WorkerStart(
                    slot: slot.index, generation: generation, statisticsOffset: block.offset,
                    blockSize: StatisticsLayout.blockSize, logLevel: plan.logLevel.rawValue, identity: plan.name,
                    listeners: endpoints.map(\.description)))
            let packet = try start.encoded()
            let lines = try WorkerLines()
            let child: ChildProcess
            defer { lines.closeTheirs() }
            do throws(SystemError) {
                child = try spawner.spawn(
                    descriptors: [
                        lines.theirChannel, statistics.descriptor, files.configuration, metrics.descriptor,
                        rateLimits.descriptor, lines.theirBus, files.certificates, ticketKeys.descriptor,
                    ] + endpoints.map(\.descriptor),
                    cpu: cpu(forSlot: slot.index, plan: plan), credentials: plan.workerCredentials)
            } catch {
                lines.closeOurs()
                throw error
            }
            lastWorkerNumber += 1
            let worker = WorkerProcess(
                id: WorkerID(number: lastWorkerNumber), slot: slot.index, generation: generation,
                isCandidate: isCandidate, child: child, channel: lines.channel, statistics: block,
                metrics: metrics, certificatesVersion: files.certificatesVersion,
                startDeadline: now + plan.startTimeout, onChange: { [unowned self] in bell.ring() },
                onEvent: { [unowned self] in record($0, $1, slot: slot.index, pid: child.pid) })
            bus.admit(worker.id, name: "worker \(child.pid) of slot \(slot.index)", connection: lines.bus)
            lines.channel.send(packet)
            block.process.set(.startedAtUnix, UInt64(max(0, time(nil))))
            slot.workers.append(worker)
            count(.workersStarted, slot: slot.index)
            logger.debug("worker \(child.pid) started in slot \(slot.index)", metadata: ["generation": "\(generation)"])
        } catch {
            statistics.retire(block)
            if let page { metrics.retire(page) }
            throw error
        }
    }

    private func cpu(forSlot slot: Int, plan: SupervisorPlan) -> Int? {
        guard plan.pinsWorkers else { return nil }
        let cpus = status.allowance.cpus
        return cpus.isEmpty ? nil : cpus[slot % cpus.count]
    }

    /// Ends the start once every slot's first worker is ready or has failed.
    func concludeStart() throws(WorkersCannotStart) {
        guard phase == .starting else { return }
        let first = slots.prefix(wanted)
        let ready = first.count { $0.current?.state.isReady == true }
        let isOpen = first.contains { $0.current?.state.isReady != true && firstFailures[$0.index] == nil }
        guard !isOpen else { return }
        guard ready > 0 else { throw WorkersCannotStart(reasons: firstFailures) }
        phase = .running
        tellReady()
    }

    // MARK: Coverage and ends that are wanted

    /// Sees to it that every slot's sockets are accepted from.
    func cover() {
        guard phase != .stopping else { return }
        let acceptors = workers.filter { $0.isAccepting && !$0.isCandidate }
        let new = Coverage.assign(
            slots: slots.count, covered: Set(slots.filter(\.isCovered).map(\.index)),
            acceptors: acceptors.map { Coverage.Acceptor(worker: $0.id, slot: $0.slot) })
        guard new != coverage else { return }
        let change = Coverage.change(from: coverage, to: new)
        coverage = new
        let living = Dictionary(uniqueKeysWithValues: workers.map { ($0.id, $0) })
        for (slot, id) in change.adopt {
            let endpoints = sockets.adoptableEndpoints(ofSlot: slot)
            living[id]?.send(
                .adopt(slot: slot, listeners: endpoints.map(\.description)), descriptors: endpoints.map(\.descriptor))
        }
        for (slot, id) in change.release { living[id]?.send(.release(slot: slot)) }
    }

    /// Lets go those that are not wanted any more, once somebody else accepts from their slot's sockets.
    func retireWorkers() {
        for slot in slots {
            let isCovered = slot.isCovered || coverage[slot.index] != nil
            for worker in slot.workers where worker.isRetiring && !worker.state.isLeaving && !worker.isStalled {
                guard isCovered || phase == .stopping else { continue }
                let milliseconds = max(0, plan.drainTimeout.nanosecondsClamped / 1_000_000)
                worker.send(.drain(milliseconds: Int(milliseconds)))
                worker.state = .draining(killAt: now + plan.drainTimeout + Self.graceTime)
            }
        }
    }
}
