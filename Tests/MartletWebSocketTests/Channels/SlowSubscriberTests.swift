import MartletLoop
import MartletServer
import MartletWebSocketCodec
import Testing

@testable import MartletWebSocket

@Suite("A subscriber that does not read")
struct SlowSubscriberTests {
    private let counters = Counters<HTTPCounter>.allocate()

    private func socket(_ backpressure: WebSocketSettings.Backpressure, sendLimit: Int = 256 << 10) throws -> TestSocket
    {
        var settings = WebSocketSettings()
        settings.backpressure = backpressure
        settings.sendLimit = sendLimit
        return try TestSocket(context: TestSocket.context(settings, counters: counters), sendBuffer: 16 << 10)
    }

    @Test(
        "misses messages, and holds little, while others get all",
        arguments: [WebSocketSettings.Backpressure.wait, .drop])
    func drops(backpressure: WebSocketSettings.Backpressure) async throws {
        let channels = Channels(counters: counters)
        let slow = try socket(backpressure)
        let quick = try socket(backpressure)
        for socket in [slow, quick] { channels["room"].subscribe(socket.socket) }
        let payload = String(repeating: "x", count: 20_000)
        for number in 0..<100 {
            channels["room"].publish("\(number) \(payload)")
            await quick.receive(until: number + 1)
        }
        #expect(quick.texts.map { $0.prefix { $0 != " " } } == (0..<100).map { "\($0)" })
        #expect(slow.socket.bufferedBytes < (256 << 10) + 40_000)
        #expect(slow.socket.isOpen)
        let dropped = Int(counters.load(.webSocketMessagesDropped))
        #expect(dropped > 0)
        await slow.receive(until: 100 - dropped)
        // Whole messages, from the first on, however the kernel has cut them.
        #expect(slow.texts.map { $0.count } == (0..<(100 - dropped)).map { "\($0) ".count + 20_000 })
        for socket in [slow, quick] { socket.close() }
    }

    @Test("is closed with 1008 if that is the rule")
    func closes() async throws {
        let channels = Channels(counters: counters)
        let slow = try socket(.close)
        channels["room"].subscribe(slow.socket)
        for _ in 0..<100 {
            channels["room"].publish([UInt8](repeating: 0, count: 20_000))
            await turn(2)
        }
        #expect(!slow.socket.isOpen)
        await slow.until { slow.hasEnded }
        #expect(slow.closeCode == .policyViolation)
        #expect(counters.load(.webSocketsClosedForSlowness) == 1)
        slow.close()
        #expect(channels.names.isEmpty)
    }

    @Test("gets large and small messages whole and in order once it reads")
    func resumes() async throws {
        let channels = Channels(counters: counters)
        let slow = try socket(.drop, sendLimit: 64 << 20)
        channels["room"].subscribe(slow.socket)
        var numbers = TestNumbers(state: 3)
        var sent: [WebSocketMessage] = []
        for number in 0..<120 {
            let count =
                number % 3 == 0
                ? Int.random(in: 0...50, using: &numbers) : Int.random(in: 4000...90_000, using: &numbers)
            sent.append(.binary([UInt8](repeating: UInt8(number), count: count)))
            channels["room"].publish(sent[number])
            if number % 4 == 0 { await turn() }
        }
        await slow.receive(until: sent.count)
        #expect(slow.received == sent)
        slow.close()
    }
}
