import Glibc
import MartletLoop
import Testing

/// Each test has signals of its own: tests run beside each other, and a signal belongs to the whole process.
@Suite("Signals as a sequence", .serialized)
struct SignalSequenceTests {
    private let lowest = __libc_current_sigrtmin() + 10

    @Test("signals come one after the other, with who sent them")
    func delivers() async throws {
        var iterator = try signals(lowest, lowest + 1).makeAsyncIterator()
        raise(lowest + 1)
        let first = try #require(await iterator.next())
        #expect(first.number == lowest + 1)
        #expect(first.sender?.processID == getpid())
        #expect(first.sender?.userID == getuid())
        raise(lowest)
        #expect(await iterator.next()?.number == lowest)
    }

    @Test("what arrives while nobody asks is kept once for each signal, in the order of arrival")
    func coalesces() async throws {
        var iterator = try signals(SIGWINCH, SIGURG).makeAsyncIterator()
        for number in [SIGWINCH, SIGURG, SIGWINCH, SIGWINCH] {
            raise(number)
            try await seen(number)
        }
        #expect(await iterator.next()?.number == SIGWINCH)
        #expect(await iterator.next()?.number == SIGURG)
        let next = Task.immediate { await iterator.next() }
        raise(SIGURG)
        #expect(await next.value?.number == SIGURG)
    }

    @Test("every sequence and every watch gets each signal")
    func deliversToAll() async throws {
        let number = lowest + 2
        var calls = 0
        let watch = try EventLoop.main.onSignal(number) { calls += 1 }
        defer { watch.cancel() }
        var first = try signals(number).makeAsyncIterator()
        var second = try signals(number, lowest + 3).makeAsyncIterator()
        raise(number)
        #expect(await first.next()?.number == number)
        #expect(await second.next()?.number == number)
        #expect(calls == 1)
    }

    @Test("cancelling the task ends the loop and gives the signal back")
    func cancellationEnds() async throws {
        let number = lowest + 4
        let sequence = try signals(number)
        let task = Task.immediate {
            var count = 0
            for await _ in sequence { count += 1 }
            return count
        }
        #expect(isBlocked(number))
        task.cancel()
        #expect(await task.value == 0)
        #expect(!isBlocked(number))
        #expect(await next(of: sequence) == nil, "a cancelled sequence has ended")
    }

    @Test("a signal that has arrived is taken even by a cancelled task")
    func cancellationLosesNothing() async throws {
        let number = lowest + 5
        let sequence = try signals(number)
        raise(number)
        try await seen(number)
        let task = Task {
            var taken: [Int32] = []
            for await signal in sequence { taken.append(signal.number) }
            return taken
        }
        task.cancel()
        #expect(await task.value == [number])
    }

    @Test("leaving the loop gives the signal back; what others still watch stays theirs")
    func leavingEnds() async throws {
        let number = lowest + 6
        let other = try signals(number)
        let task = Task.immediate {
            for await _ in try signals(number) { break }
        }
        raise(number)
        try await task.value
        #expect(isBlocked(number))
        other.cancel()
        #expect(!isBlocked(number))
        #expect(await next(of: other)?.number == number, "what had arrived can still be taken")
        #expect(await next(of: other) == nil)
    }

    @Test("a signal that was blocked before stays blocked afterwards")
    func restoresTheMask() throws {
        let number = lowest + 7
        var mask = sigset_t()
        sigemptyset(&mask)
        sigaddset(&mask, number)
        pthread_sigmask(SIG_BLOCK, &mask, nil)
        defer { pthread_sigmask(SIG_UNBLOCK, &mask, nil) }
        try signals(number).cancel()
        #expect(isBlocked(number))
    }

    @Test("waiting for one of several signals gives that one, and then lets go")
    func waitsForOne() async throws {
        let number = lowest + 8
        let waiting = Task.immediate { try await waitForSignal(number, lowest + 9) }
        raise(number)
        #expect(try await waiting.value.number == number)
        #expect(!isBlocked(number) && !isBlocked(lowest + 9))
        let cancelled = Task.immediate { try await waitForSignal(number) }
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        #expect(!isBlocked(number))
    }

    @Test(
        "what cannot be watched is refused, and the others of the list are given back",
        arguments: [
            (4000, "cannot watch signal 4000: invalid argument; man 7 signal names those that there are"),
            (0, "cannot watch signal 0: invalid argument; man 7 signal names those that there are"),
            (SIGKILL, "cannot watch SIGKILL: invalid argument; no process can catch it"),
        ] as [(Int32, String)])
    func refuses(number: Int32, message: String) {
        let error = #expect(throws: SystemError.self) { try signals(lowest + 10, number) }
        #expect(error?.description == message)
        #expect(!isBlocked(lowest + 10))
    }

    @Test("a signal says its name, what it means and who sent it")
    func describes() async throws {
        let waiting = Task.immediate { try await waitForSignal(SIGCONT) }
        raise(SIGCONT)
        let signal = try await waiting.value
        #expect(signal.name == "SIGCONT")
        #expect(signal.description == "SIGCONT (continued) from process \(getpid()) of user \(getuid())")
        let realTime = Task.immediate { try await waitForSignal(lowest + 11) }
        raise(lowest + 11)
        #expect(try await realTime.value.name == "SIGRTMIN+21")
    }

    /// Waits until the loop has handed the signal out.
    private func seen(_ number: Int32) async throws {
        // A signal of higher number is read later, or in the same turn.
        let marker = __libc_current_sigrtmax()
        let waiting = Task.immediate { try await waitForSignal(marker) }
        raise(marker)
        _ = try await waiting.value
    }

    private func next(of sequence: SignalSequence) async -> Signal? {
        var iterator = sequence.makeAsyncIterator()
        return await iterator.next()
    }

    private func isBlocked(_ number: Int32) -> Bool {
        var mask = sigset_t()
        pthread_sigmask(SIG_BLOCK, nil, &mask)
        return sigismember(&mask, number) == 1
    }
}
