import MartletLoop

extension Row {
    static let timers = [
        Row("timers 1e3") { await armAndCancel($0, atOnce: 1000) },
        Row("timers 1e5") { await armAndCancel($0, atOnce: 100_000) },
        Row("timers 1e6") { await armAndCancel($0, atOnce: 1_000_000) },
    ]

    private static func armAndCancel(_ count: Int, atOnce: Int) async {
        for _ in 0..<count / atOnce {
            let timers = (0..<atOnce).map { EventLoop.main.callLater(.seconds(60 + $0 % 3600)) {} }
            for timer in timers {
                timer.cancel()
            }
            await EventLoop.yield()
        }
    }
}
