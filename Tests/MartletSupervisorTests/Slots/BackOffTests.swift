import MartletLoop
import Testing

@testable import MartletSupervisor

@Suite("Back-off")
struct BackOffTests {
    @Test("the first failure costs nothing, then the pause doubles up to thirty seconds")
    func doubling() {
        var backOff = BackOff()
        let delays = (0..<12).map { _ in backOff.workerFailed(readyFor: .seconds(1)) }
        let expected: [Duration] = [
            .zero, .milliseconds(200), .milliseconds(400), .milliseconds(800), .milliseconds(1600),
            .milliseconds(3200), .milliseconds(6400), .milliseconds(12800), .milliseconds(25600), .seconds(30),
            .seconds(30), .seconds(30),
        ]
        #expect(delays == expected)
    }

    @Test("a healthy minute makes up for everything before, a second less does not")
    func recovery() {
        var backOff = BackOff()
        for _ in 0..<5 { _ = backOff.workerFailed(readyFor: nil) }
        #expect(backOff.workerFailed(readyFor: .seconds(59)) > .zero)
        #expect(backOff.workerFailed(readyFor: .seconds(60)) == .zero)
        #expect(backOff.workerFailed(readyFor: nil) == .milliseconds(200))
    }

    @Test("many failures do not overflow")
    func manyFailures() {
        var backOff = BackOff()
        for _ in 0..<10_000 { _ = backOff.workerFailed(readyFor: nil) }
        #expect(backOff.workerFailed(readyFor: nil) == .seconds(30))
    }
}
