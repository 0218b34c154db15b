import CMartlet
import MartletLoop
import MartletNet
import MartletRESP

/// Commands on their way out: they are gathered in `output`, which leaves when nothing else is ready to run any more.
extension RedisConnection {
    /// Sends a command and waits for its answer.
    public nonisolated(nonsending) func send(_ command: RedisCommand) async throws(RedisError) -> RESPValue {
        guard command.timeout == nil, command.traits.isDisjoint(with: [.blocking, .connection, .undecided]),
            let wait = ifOnLoop((self, command.arguments, command.wantsText), { $0.0.begin($0.1, $0.2) }) ?? nil
        else { return try await exchange(command) }
        let answer = await withUnsafeContinuation { wait.begin($0) }
        return try wait.end(answer, command.name)
    }

    /// Queues a command that neither blocks nor changes the connection, to be waited for in this very turn of the loop. By its
    /// arguments: all of it would be copied on its way.
    ///
    /// - Returns: `nil` when it cannot be queued.
    @inline(__always)
    func begin(_ arguments: RESPWriter, wantsText: Bool, deadline: EventLoop.Instant) -> AnswerWait? {
        let length = arguments.encodedLength
        guard closeReason == nil, !martlet_task_is_cancelled(), mayQueue(bytes: length) else { return nil }
        let pending = PendingAnswer(
            answers: 1, wantsText: wantsText, isLookedAfter: true, deadline: deadline, position: position)
        return AnswerWait(self, queue(arguments, length, pending), deadline, isTold: false)
    }

    private func begin(_ arguments: RESPWriter, _ wantsText: Bool) -> AnswerWait? {
        begin(arguments, wantsText: wantsText, deadline: loop.now + commandTimeout)
    }

    private func exchange(_ command: RedisCommand) async throws(RedisError) -> RESPValue {
        try await exchange(command, deadline: deadline(of: command))
    }

    /// Sends commands in one write, with nothing of others in between, and waits for all answers.
    ///
    /// - Returns: the answers in order; those that are errors are `RESPValue.error`.
    /// - Throws: `RedisError` when the connection does not bring all of them.
    public func send(_ commands: [RedisCommand]) async throws(RedisError) -> [RESPValue] {
        if commands.isEmpty { return [] }
        return try await exchange(commands, deadline: deadline(of: commands))
    }

    /// Sends a command whose answer is a number of acknowledgements in place of one answer: SUBSCRIBE, UNSUBSCRIBE and the
    /// like, which acknowledge each channel.
    ///
    /// - Parameters:
    ///   - command: the command.
    ///   - acknowledgements: how many are waited for: one for each channel.
    /// - Throws: `RedisError`, also for an error that the server answers with.
    public func subscribe(_ command: RedisCommand, acknowledgements: Int) async throws(RedisError) {
        require(acknowledgements > 0, "a subscription is acknowledged at least once")
        isAltered = true
        hasSubscribed = true
        let deadline = deadline(of: command)
        let number = try enqueue(
            command, answers: acknowledgements, deadline: deadline, acknowledgements: RedisAcknowledgements(of: command)
        )
        _ = try await answer(to: number, deadline, command.name)
    }

    func deadline(of command: borrowing RedisCommand) -> EventLoop.Instant {
        if command.timeout == nil, !command.traits.contains(.blocking) { return loop.now + commandTimeout }
        return command.deadline(settings.timeouts, from: loop.now)
    }

    func deadline(of commands: [RedisCommand]) -> EventLoop.Instant {
        RedisCommand.deadline(of: commands, settings.timeouts, from: loop.now)
    }

    func exchange(_ command: RedisCommand, deadline: EventLoop.Instant) async throws(RedisError) -> RESPValue {
        let number = try enqueue(command, deadline: deadline)
        return try await answer(to: number, deadline, command.name)
    }

    /// - Parameter batch: where the answers are gathered, for those who want to see them also when not all come.
    func exchange(
        _ commands: [RedisCommand], deadline: EventLoop.Instant, in batch: RedisBatch? = nil
    ) async throws(RedisError) -> [RESPValue] {
        let batch = batch ?? RedisBatch(count: commands.count)
        let number = try enqueue(commands, batch, deadline: deadline)
        _ = try await answer(to: number, deadline, commands.count == 1 ? commands[0].name : "a pipeline")
        return batch.values
    }

    // MARK: Queueing

    /// Puts a command among those that leave next.
    ///
    /// - Returns: the number that its answer is waited for by.
    func enqueue(
        _ command: borrowing RedisCommand, answers: Int = 1, deadline: EventLoop.Instant,
        acknowledgements: RedisAcknowledgements? = nil
    ) throws(RedisError) -> UInt64 {
        let length = command.encodedLength
        guard closeReason == nil, !martlet_task_is_cancelled(), mayQueue(bytes: length) else {
            throw refusal(command.name)
        }
        if !command.traits.isDisjoint(with: [.connection, .blocking, .undecided]) {
            try note(command, acknowledgements != nil)
        }
        let pending = PendingAnswer(
            answers: answers, wantsText: command.wantsText, acknowledgements: acknowledgements, deadline: deadline,
            position: position)
        return queue(command.arguments, length, pending)
    }

    @inline(__always)
    private func queue(_ arguments: borrowing RESPWriter, _ length: Int, _ pending: PendingAnswer) -> UInt64 {
        let number = append(pending)
        queuedPosition = position
        arguments.encode(into: &output)
        position &+= UInt64(length)
        queueFlush()
        return number
    }

    private func enqueue(
        _ commands: [RedisCommand], _ batch: RedisBatch, deadline: EventLoop.Instant
    ) throws(RedisError) -> UInt64 {
        let length = commands.reduce(0) { $0 + $1.encodedLength }
        guard closeReason == nil, !martlet_task_is_cancelled(), mayQueue(bytes: length) else { throw refusal(nil) }
        for command in commands where !command.traits.isDisjoint(with: [.connection, .blocking, .undecided]) {
            try note(command, false, isAlone: commands.count == 1)
        }
        let number = append(
            PendingAnswer(
                answers: commands.count, batch: batch, deadline: deadline, position: position))
        queuedPosition = position
        output.reserveCapacity(output.count + length)
        for command in commands {
            command.arguments.encode(into: &output)
        }
        position &+= UInt64(length)
        queueFlush()
        return number
    }

    @inline(__always)
    private func append(_ pending: PendingAnswer) -> UInt64 {
        var due = pending.deadline
        if self.pending.isEmpty {
            lastActivity = loop.now
            if !isBlocking { due = min(due, lastActivity + silence) }
        }
        if pending.isLookedAfter { due = min(due, nextLook(from: loop.now)) }
        if due < timerInstant { arm(at: due) }
        return self.pending.append(pending)
    }

    private func note(
        _ command: borrowing RedisCommand, _ isSubscription: Bool, isAlone: Bool = true
    ) throws(RedisError) {
        // Not by its name, which may be written in many ways.
        let words = RedisCommand.words(command.arguments)
        let traits = command.traits.union(.known(command.arguments))
        let isUnanswered =
            RedisCommand.Traits.unanswered.contains(words.first) || words == ("CLIENT", "REPLY")
        if isUnanswered, !isSubscription {
            throw RedisError(
                .invalidCommand, host: host, command: command.name,
                "it is not answered as others are; to subscribe, use subscribe(_:acknowledgements:)", isUnsent: true)
        }
        if traits.contains(.blocking) { isBlocking = true }
        guard traits.contains(.connection) else { return }
        if isGreeted, changesVersion(words) {
            throw RedisError(
                .invalidCommand, host: host, command: command.name,
                "the connection would not be what was agreed on when it was greeted; make another one", isUnsent: true)
        }
        isAltered = true
        guard words.first == "MONITOR" else { return }
        guard isAlone else {
            throw RedisError(
                .invalidCommand, host: host, command: command.name, "what follows it would get no answers",
                isUnsent: true)
        }
        isMonitoring = true
        pendingLimit = 0
    }

    /// Whether what is a push afterwards would be taken for an answer, or the other way round.
    private func changesVersion(_ words: (first: String, second: String)) -> Bool {
        words.first == "RESET"
            || words.first == "HELLO" && !words.second.isEmpty && words.second != "\(protocolVersion.rawValue)"
    }

    @inline(__always)
    private func mayQueue(bytes: Int) -> Bool {
        pending.count < pendingLimit
            && (output.isEmpty || output.count - sentOffset + bytes <= settings.limits.pendingBytes)
    }

    private func refusal(_ command: String?) -> RedisError {
        if closeReason != nil { return closedError(command) }
        if Task.isCancelled {
            return RedisError(.cancelled, host: host, command: command, "the task was cancelled", isUnsent: true)
        }
        if isMonitoring {
            return RedisError(
                .invalidCommand, host: host, command: command,
                "the connection shows what others send, which cannot be told from answers; use another one",
                isUnsent: true)
        }
        return RedisError(
            .queueFull, host: host, command: command,
            "\(pending.count) commands and \(output.count - sentOffset) bytes wait already; raise the limits, or wait for "
                + "some answers before sending more", isUnsent: true)
    }

    // MARK: Waiting

    /// Waits for the answer of what was queued under this number in this very turn of the loop.
    private func answer(
        to number: UInt64, _ deadline: EventLoop.Instant, _ command: String
    ) async throws(RedisError) -> RESPValue {
        let wait = AnswerWait(self, number, deadline)
        let answer = await withUnsafeContinuation { wait.begin($0) }
        return try wait.end(answer, command)
    }

    @inline(__always)
    func wait(for number: UInt64, _ waiter: UnsafeContinuation<RedisAnswer, Never>) {
        let early: RedisError? =
            pending.with(number) { caller in
                if let end = caller.earlyEnd { return end }
                caller.waiter = waiter
                return nil
            } ?? queuedInVain
        if let early { waiter.resumeOnMain(returning: .failed(early)) }
    }

    var cancellation: RedisError { RedisError(.cancelled, host: host, "the task was cancelled") }

    /// The task of a caller was cancelled: he goes on, and his answer finds nobody.
    func cancel(_ number: UInt64) {
        let error = cancellation
        let waiter: UnsafeContinuation<RedisAnswer, Never>?? = pending.with(number) { caller in
            let waiter = caller.waiter
            caller.waiter = nil
            if waiter == nil { caller.endEarly(error) }
            return waiter
        }
        if let waiter = waiter ?? nil { waiter.resumeOnMain(returning: .failed(error)) }
    }

    // MARK: Sending

    /// Has what is gathered sent once everybody who is ready now has had the chance to add to it.
    @inline(__always)
    private func queueFlush() {
        guard !isFlushQueued else { return }
        if loop.hasNothingQueued { return flush() }
        isFlushQueued = true
        keptForFlush = self
        loop.callSoonForAll(flushAction)
    }

    /// Sends as much as the kernel takes; the rest when it has room.
    func flush() {
        isFlushQueued = false
        // Released at the end: it may be the last reference.
        let kept = keptForFlush
        keptForFlush = nil
        defer { extendLifetime(kept) }
        while closeReason == nil, sentOffset < output.count {
            switch send(output, from: sentOffset, count: min(output.count - sentOffset, Self.mostPerSend)) {
            case .moved(let count): sentOffset += count
            case .wouldBlock:
                stream.tellsOfRoom = true
                return compact()
            case .failed(let code):
                let cause: any Error = stream.layer?.failure ?? SystemError("send to", target: host, code: code)
                return lost("the connection failed: \(SystemError.message(code))", cause: cause)
            }
        }
        if output.capacity > Self.mostKept { output = [] } else { output.removeAll(keepingCapacity: true) }
        sentOffset = 0
    }

    /// The array is passed as a pointer: a closure of `withUnsafeBytes` would be checked to be on the main actor.
    @inline(__always)
    private func send(_ bytes: UnsafePointer<UInt8>, from offset: Int, count: Int) -> Transfer {
        stream.send(UnsafeRawBufferPointer(start: bytes + offset, count: count))
    }

    private static let mostPerSend = 1 << 20
    private static let mostKept = 256 << 10

    /// Moves what is left to the front, once that is less than what has been sent.
    private func compact() {
        guard sentOffset > output.count / 2 else { return }
        output.removeFirst(sentOffset)
        sentOffset = 0
    }
}

extension RedisConnection: ByteStreamObserver {
    package func streamHasRoom() { flush() }
    /// Reading finds that out, behind what has arrived before.
    package func streamEnded() {}
}
