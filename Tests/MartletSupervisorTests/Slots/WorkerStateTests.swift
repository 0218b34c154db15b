import MartletLoop
import Testing

@testable import MartletSupervisor

@Suite("A worker's states")
struct WorkerStateTests {
    private nonisolated static let then = EventLoop.Instant(nanoseconds: 1_000)
    private nonisolated static let later = EventLoop.Instant(nanoseconds: 2_000)

    @Test(
        "what the end of a process means depends on its state",
        arguments: [
            (WorkerState.starting(deadline: later), .failedStart("it exited with code 1 before it was ready")),
            (.proving(ticks: 3, deadline: later), .failedStart("it exited with code 1 before it was ready")),
            (.ready(since: then), .crashed(readySince: then)),
            (.stalled(since: then, killAt: later), .stalled(readySince: then)),
            (.draining(killAt: later), .expected),
            (.killed(.unwanted), .expected),
            (.killed(.drainTimeout), .drainTimeout),
            (.killed(.stalled(readySince: then)), .stalled(readySince: then)),
            (.killed(.failedStart("it was late")), .failedStart("it was late")),
        ] as [(WorkerState, WorkerState.Ending)])
    func ending(state: WorkerState, expected: WorkerState.Ending) {
        #expect(state.ending(.exited(1), failure: nil) == expected)
    }

    @Test("what a worker said itself is the reason why it did not start")
    func ownWords() {
        let state = WorkerState.starting(deadline: Self.later)
        #expect(state.ending(.exited(1), failure: "no such route") == .failedStart("no such route"))
    }

    @Test("every state that ends by itself has a deadline")
    func deadlines() {
        #expect(WorkerState.starting(deadline: Self.later).deadline == Self.later)
        #expect(WorkerState.stalled(since: Self.then, killAt: Self.later).deadline == Self.later)
        #expect(WorkerState.draining(killAt: Self.later).deadline == Self.later)
        #expect(WorkerState.ready(since: Self.then).deadline == nil)
    }

    @Test("a loop that turns is never stalled, one that stands still is as long as it does")
    func stallWatch() {
        func at(_ seconds: UInt64) -> EventLoop.Instant { .init(nanoseconds: seconds * 1_000_000_000) }
        var watch = StallWatch(ticks: 7, at: at(10))
        #expect(watch.look(ticks: 8, at: at(11)) == .zero)
        #expect(watch.look(ticks: 8, at: at(15)) == .seconds(4))
        #expect(watch.look(ticks: 8, at: at(16)) == .seconds(5))
        #expect(watch.look(ticks: 9, at: at(17)) == .zero)
        watch.restart(at: at(30))
        #expect(watch.look(ticks: 9, at: at(31)) == .seconds(1))
    }
}
