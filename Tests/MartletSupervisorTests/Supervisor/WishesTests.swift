import MartletLoop
import MartletNet
import Testing

@testable import MartletSupervisor

@Suite("What signals ask for")
struct WishesTests {
    @Test(
        "workers more or fewer add up, within the bounds",
        arguments: [(2, 0, nil), (2, 1, 3), (2, -1, 1), (1, -1, nil), (2, -5, 1), (1024, 3, nil), (1023, 9, 1024)]
            as [(Int, Int, Int?)])
    func workers(present: Int, delta: Int, wished: Int?) {
        var wishes = Wishes()
        wishes.workersDelta = delta
        #expect(wishes.workers(from: present) == wished)
    }

    @Test("a plan with an impossible number of workers or an address twice is refused")
    func plans() throws {
        func plan(workers: Int, addresses: [String]) throws -> SupervisorPlan {
            SupervisorPlan(
                name: "test", workers: workers, workersReason: "",
                listeners: try addresses.map { ListenerPlan(name: $0, address: try .init(parsing: $0)) }, control: nil,
                workerPayload: [])
        }
        try plan(workers: 1, addresses: ["127.0.0.1:80", "[::1]:80", "127.0.0.1:0", "127.0.0.1:0"]).validate()
        #expect(throws: PlanError.self) { try plan(workers: 0, addresses: []).validate() }
        #expect(throws: PlanError.self) { try plan(workers: 1025, addresses: []).validate() }
        #expect(throws: PlanError.self) { try plan(workers: 1, addresses: ["unix:/a", ":1", "unix:/a"]).validate() }
    }

    @Test("a bell that was rung while nobody slept ends the next sleep at once, and only that")
    func bell() async {
        let bell = Bell()
        bell.ring()
        bell.ring()
        await bell.wait()
        var hasWoken = false
        let sleeper = Task {
            await bell.wait()
            hasWoken = true
        }
        await Task.yield()
        #expect(!hasWoken)
        bell.ring()
        await sleeper.value
        #expect(hasWoken)
    }

    @Test("a worker tells of a few events a second, and how many it kept to itself")
    func throttle() {
        func at(_ seconds: UInt64) -> EventLoop.Instant { .init(nanoseconds: seconds * 1_000_000_000) }
        var throttle = EventThrottle()
        let first = (0..<20).map { _ in throttle.admit(at: at(7)) }
        #expect(first.count { $0.isAdmitted } == EventThrottle.perSecond)
        let next = throttle.admit(at: at(8))
        #expect(next.isAdmitted)
        #expect(next.held == 20 - EventThrottle.perSecond)
        #expect(throttle.admit(at: at(8)).held == 0)
    }
}
