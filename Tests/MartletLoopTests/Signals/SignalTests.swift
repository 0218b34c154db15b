import Glibc
import MartletLoop
import Testing

@Suite("Signals", .serialized)
struct SignalTests {
    @Test("a watched signal is delivered on the loop, to every watch")
    func delivers() async throws {
        var calls: [Int] = []
        let first = try EventLoop.main.onSignal(SIGUSR1) { calls.append(1) }
        defer { first.cancel() }
        try await withUnsafeThrowingContinuation { (done: UnsafeContinuation<Void, any Error>) in
            do {
                var second: SignalWatch?
                second = try EventLoop.main.onSignal(SIGUSR1) {
                    calls.append(2)
                    second?.cancel()
                    done.resume()
                }
            } catch {
                done.resume(throwing: error)
            }
            raise(SIGUSR1)
        }
        #expect(calls == [1, 2])
    }

    @Test("a signal that does not exist is an error")
    func refusesNonsense() {
        #expect(throws: SystemError.self) { try EventLoop.main.onSignal(4000) {} }
    }
}
