import CMartlet
import MartletLoop
import Testing

@Suite("Futures and promises")
struct FutureTests {
    private enum Failure: Error { case expected }

    @Test("a future that is there is read without waiting")
    func resolvedBeforeAwait() async throws {
        let promise = Promise<Int>()
        promise.succeed(1)
        #expect(promise.future.isDone)
        #expect(try await promise.future.value == 1)
        #expect(try promise.future.result?.get() == 1)
    }

    @Test("every waiter gets the value, and so does whoever comes later")
    func awaitedManyTimes() async throws {
        let promise = Promise<String>()
        let tasks = (0..<10).map { _ in Task { try await promise.future.value } }
        await Task.yield()
        #expect(!promise.future.isDone)
        promise.succeed("x")
        for task in tasks { #expect(try await task.value == "x") }
        #expect(try await promise.future.value == "x")
    }

    @Test("an error is thrown to every waiter")
    func failure() async {
        let promise = Promise<Int>()
        let task = Task { try await promise.future.value }
        await Task.yield()
        promise.fail(Failure.expected)
        await #expect(throws: Failure.expected) { try await task.value }
        await #expect(throws: Failure.expected) { try await promise.future.value }
        #expect(!promise.future.isCancelled)
    }

    @Test("a promise is resolved from another thread, and the waiter goes on on the loop")
    func resolvedFromAThread() async throws {
        let promise = Promise<Bool>()
        onAnotherThread { promise.succeed(martlet_on_loop_thread()) }
        #expect(try await promise.future.value == false)
        #expect(martlet_on_loop_thread())
    }

    @Test("cancelling one waiter leaves the future and the other waiters alone")
    func cancelledWaiter() async throws {
        let promise = Promise<Int>()
        let first = Task { try await promise.future.value }
        let second = Task { try await promise.future.value }
        await Task.yield()
        first.cancel()
        await #expect(throws: CancellationError.self) { try await first.value }
        #expect(!promise.future.isDone)
        promise.succeed(2)
        #expect(try await second.value == 2)
    }

    @Test("a task that is cancelled before it waits does not wait")
    func cancelledBefore() async {
        let promise = Promise<Int>()
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await promise.future.value
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        promise.succeed(1)
    }

    @Test("a waiter may be cancelled from another thread")
    func cancelledFromAThread() async {
        let promise = Promise<Int>()
        let task = Task { try await promise.future.value }
        await Task.yield()
        onAnotherThread { task.cancel() }
        await #expect(throws: CancellationError.self) { try await task.value }
        promise.succeed(1)
    }

    @Test("awaiting a cancelled future says so, and what its promise says later is dropped")
    func cancelledFuture() async {
        let promise = Promise<Int>()
        let waiting = Task { try await promise.future.value }
        await Task.yield()
        #expect(promise.future.cancel())
        #expect(!promise.future.cancel())
        #expect(promise.future.isCancelled)
        promise.succeed(1)
        for task in [waiting, Task { try await promise.future.value }] {
            let error = await #expect(throws: FutureError.self) { try await task.value }
            #expect(error?.code == .cancelled)
            #expect(error?.description == "the future was cancelled")
        }
    }

    @Test("a promise that goes away unresolved fails its future, and names the line that made it")
    func abandoned() async {
        var promise: Promise<Int>? = Promise()
        let line = #line - 1
        let task = Task { [future = promise?.future] in try await future?.value }
        await Task.yield()
        promise = nil
        let error = await #expect(throws: FutureError.self) { try await task.value }
        #expect(error?.code == .abandoned)
        #expect(error?.place == "MartletLoopTests/FutureTests.swift:\(line)")
    }

    @Test("a promise may go away on another thread")
    func abandonedOnAThread() async {
        let future = {
            let promise = Promise<Int>()
            onAnotherThread { _ = promise }
            return promise.future
        }()
        let error = await #expect(throws: FutureError.self) { try await future.value }
        #expect(error?.code == .abandoned)
    }

    @Test("of those who race to resolve, the first wins")
    func racing() async throws {
        let promise = Promise<Int>()
        #expect(promise.tryResolve(.success(1)))
        #expect(!promise.tryResolve(.success(2)))
        #expect(try await promise.future.value == 1)
    }

    @Test("callbacks are called in order, soon, also when they are added late")
    func callbacks() async {
        let promise = Promise<Int>()
        var calls: [String] = []
        promise.future.whenDone { calls.append("first \(try! $0.get())") }
        promise.future.whenDone { _ in calls.append("second") }
        promise.succeed(7)
        #expect(calls.isEmpty)
        await withUnsafeContinuation { done in
            promise.future.whenDone { _ in
                calls.append("late")
                done.resume()
            }
        }
        #expect(calls == ["first 7", "second", "late"])
    }

    @Test("a future may be made with its result")
    func ready() async throws {
        #expect(try await Future(.success(3)).value == 3)
        await #expect(throws: Failure.expected) { try await Future<Int>(.failure(Failure.expected)).value }
    }
}
