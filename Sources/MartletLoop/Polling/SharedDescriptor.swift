import Glibc

/// A descriptor's one registration with the kernel, shared by those who watch it and the tasks that wait for it.
///
/// The kernel is asked for what any of them wants. As long as somebody watches, it tells in every tick. For waiting
/// tasks alone it tells once (EPOLLONESHOT): a registration that outlives its descriptor, because a copy is open
/// elsewhere, cannot keep the loop busy then.
final class SharedDescriptor: PollTarget {
    private let descriptor: Int32
    private var watches: [DescriptorWatch] = []
    private let readers = WaitQueue<Void, SystemError?>()
    private let writers = WaitQueue<Void, SystemError?>()
    private var state = State.unregistered

    private enum State: Equatable {
        case unregistered
        /// The kernel was asked for this.
        case registered(Readiness)
        /// The descriptor was closed under those who share it. Its number may stand for a stranger now.
        case lost
    }

    private init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// The one that shares the descriptor's registration, or a new one that has none yet.
    static func of(_ descriptor: Int32) -> SharedDescriptor {
        if let shared = registered(descriptor), shared.isOpen() { return shared }
        return SharedDescriptor(descriptor)
    }

    /// The one that is registered for a descriptor's number; `nil` when there is none.
    static func registered(_ descriptor: Int32) -> SharedDescriptor? {
        EventLoop.main.poller.target(of: descriptor) as? SharedDescriptor
    }

    // MARK: Watching

    func add(_ watch: DescriptorWatch) throws(SystemError) {
        watches.append(watch)
        do throws(SystemError) {
            try update()
        } catch {
            watches.removeAll { $0 === watch }
            throw error
        }
    }

    func remove(_ watch: DescriptorWatch) {
        watches.removeAll { $0 === watch }
        updateRest()
    }

    // MARK: Waiting

    var hasWaiters: Bool { !readers.isEmpty || !writers.isEmpty }

    /// Waits until it is ready to read or to write, has an error or is hung up.
    func wait(for direction: Readiness) async throws {
        try update(adding: direction)
        DescriptorAudit.shared.include(descriptor)
        let failure: SystemError?
        do {
            failure = try await (direction == .readable ? readers : writers).wait(())
        } catch {
            updateRest()
            throw error
        }
        if let failure { throw failure }
    }

    func readinessChanged(_ readiness: Readiness) {
        if case .registered(let interest) = state, interest.contains(.once) { state = .registered(.once) }
        let hasEnded = !readiness.isDisjoint(with: [.hungUp, .failed])
        if hasEnded || readiness.contains(.readable) { readers.answerAll(nil) }
        if hasEnded || readiness.contains(.writable) { writers.answerAll(nil) }
        for watch in watches where watch.isActive {
            if hasEnded || !readiness.isDisjoint(with: watch.interest) { watch.action(readiness) }
        }
        updateRest()
    }

    // MARK: The registration

    /// Makes the kernel's registration what all of them together want.
    func update(adding more: Readiness = []) throws(SystemError) {
        let poller = EventLoop.main.poller
        switch (state, interest(adding: more)) {
        case (.lost, _), (.unregistered, nil): return
        case (.registered(let interest), let wanted) where interest == wanted: return
        case (.registered, nil):
            poller.remove(descriptor)
            state = .unregistered
        case (.unregistered, let wanted?):
            try poller.add(descriptor, interest: wanted, edgeTriggered: false, target: self)
            state = .registered(wanted)
        case (.registered, let wanted?):
            try poller.modify(descriptor, interest: wanted)
            state = .registered(wanted)
        }
    }

    private func interest(adding more: Readiness) -> Readiness? {
        var wanted = more
        if !readers.isEmpty { wanted.insert(.readable) }
        if !writers.isEmpty { wanted.insert(.writable) }
        guard !watches.isEmpty else { return wanted.isEmpty ? nil : wanted.union(.once) }
        return watches.reduce(into: wanted) { $0.formUnion($1.interest) }
    }

    /// After somebody has gone: if the rest cannot be watched any more, they hear of that.
    private func updateRest() {
        do {
            try update()
        } catch {
            lose(error)
        }
    }

    // MARK: A descriptor that is closed

    /// Asks the kernel whether it still watches the descriptor, for it tells nobody when one is closed.
    func isOpen() -> Bool {
        guard case .registered(let interest) = state else { return false }
        do {
            try EventLoop.main.poller.modify(descriptor, interest: interest)
            return true
        } catch {
            lose(error)
            return false
        }
    }

    func descriptorWasReplaced() {
        state = .unregistered
        lose(EpollPoller.failure(descriptor, code: EBADF))
    }

    private func lose(_ reason: SystemError) {
        // Which error it is depends on what the number stands for now.
        let error = reason.code == ENOMEM ? reason : EpollPoller.failure(descriptor, code: EBADF)
        if case .registered = state { EventLoop.main.poller.remove(descriptor) }
        state = .lost
        readers.answerAll(error)
        writers.answerAll(error)
    }
}
