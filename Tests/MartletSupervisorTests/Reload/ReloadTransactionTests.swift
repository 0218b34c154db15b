import Testing

@testable import MartletSupervisor

@Suite("A reload's course")
struct ReloadTransactionTests {
    @Test("the canary goes first, the others follow one after the other, and the commit comes last")
    func success() {
        var reload = ReloadTransaction(generation: 2, workers: 3)
        #expect(reload.begin() == .start(slot: 0))
        #expect(reload.workerReady(slot: 0) == .start(slot: 1))
        #expect(reload.workerReady(slot: 0) == nil)
        #expect(reload.workerReady(slot: 1) == .start(slot: 2))
        #expect(reload.workerReady(slot: 2) == .commit)
        #expect(reload.workerFailed(slot: 2, reason: "late") == nil)
    }

    @Test("a failure at any point gives up everything, once", arguments: 0..<3)
    func failure(slot: Int) {
        var reload = ReloadTransaction(generation: 2, workers: 3)
        for ready in 0..<slot { _ = reload.workerReady(slot: ready) }
        let action = reload.workerFailed(slot: slot, reason: "it crashed")
        #expect(action == .abandon(reason: "the new worker of slot \(slot) failed: it crashed"))
        #expect(reload.workerFailed(slot: slot, reason: "again") == nil)
        #expect(reload.workerReady(slot: slot) == nil)
        #expect(reload.abort(reason: "the end") == nil)
    }

    @Test("a worker that was ready and crashes before the commit gives it up too")
    func lateCrash() {
        var reload = ReloadTransaction(generation: 2, workers: 2)
        #expect(reload.workerReady(slot: 0) == .start(slot: 1))
        #expect(
            reload.workerFailed(slot: 0, reason: "it crashed")
                == .abandon(reason: "the new worker of slot 0 failed: it crashed"))
    }
}
