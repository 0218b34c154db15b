import MartletLoop

nonisolated extension CancellationScenario {
    static var queues: [CancellationScenario] {
        [
            CancellationScenario("getting from an empty queue") { trial in
                let queue = trial.tracked(Queue<Int>(maximumCount: 2))
                var got: [Int] = []
                trial.step { try await queue.put(1) }
                trial.step { try await queue.put(2) }
                trial.check("each element was got or is there, once, in order") {
                    let left = (0..<queue.count).compactMap { _ in try? queue.tryGet() }
                    return got + left == [1, 2]
                }
                trial.check("nobody waits") { queue.waitingGetters == 0 && queue.waitingPutters == 0 }
                return { for _ in 0..<2 { got.append(try await queue.get()) } }
            },
            CancellationScenario("getting beside another that waits") { trial in
                let queue = trial.tracked(Queue<Int>(maximumCount: 2))
                var mine: [Int] = []
                var theirs: [Int] = []
                trial.step { trial.helper { theirs.append(try await queue.get()) } }
                trial.step { try await queue.put(1) }
                trial.step { try await queue.put(2) }
                trial.check("each element was got or is there, once") {
                    let left = (0..<queue.count).compactMap { _ in try? queue.tryGet() }
                    return (mine + theirs + left).sorted() == [1, 2] && theirs.count == 1
                }
                return { mine.append(try await queue.get()) }
            },
            CancellationScenario("putting into a full queue") { trial in
                let queue = trial.tracked(Queue<Int>(maximumCount: 1))
                _ = try queue.tryPut(0)
                var put = 0
                var got: [Int?] = []
                trial.step { trial.helper { try await queue.put(10) } }
                for _ in 0..<4 { trial.step { got.append(try queue.tryGet()) } }
                trial.check("what was put was got, once, and nothing else") {
                    let mine = Array([1, 2].prefix(put))
                    return got.compactMap(\.self).sorted() == ([0, 10] + mine).sorted()
                }
                trial.check("nobody waits and nothing is left") { queue.isEmpty && queue.waitingPutters == 0 }
                return {
                    for element in 1...2 {
                        try await queue.put(element)
                        put += 1
                    }
                }
            },
            CancellationScenario("putting into a queue that is shut down meanwhile, and getting after that") { trial in
                let queue = trial.tracked(PriorityQueue<Int>(maximumCount: 1))
                _ = try queue.tryPut(5)
                trial.step { queue.shutDown() }
                trial.check("what was in it is still there, and nobody waits") {
                    (try? queue.tryGet()) == 5 && queue.waitingPutters == 0
                }
                return {
                    do {
                        try await queue.put(1)
                    } catch is QueueError {}
                }
            },
            CancellationScenario("joining a queue") { trial in
                let queue = trial.tracked(LifoQueue<Int>(maximumCount: 2))
                _ = try queue.tryPut(1)
                _ = try queue.tryPut(2)
                for _ in 0..<2 {
                    trial.step {
                        _ = try queue.tryGet()
                        queue.taskDone()
                    }
                }
                trial.check("nothing is unfinished") { queue.unfinishedCount == 0 }
                return { try await queue.join() }
            },
            CancellationScenario("reading a queue as a sequence") { trial in
                let queue = trial.tracked(Queue<Int>(maximumCount: 3))
                var got: [Int] = []
                for number in 1...3 { trial.step { _ = try queue.tryPut(number) } }
                trial.step { queue.shutDown() }
                trial.check("each element was got or is there, once, in order") {
                    let left = (0..<queue.count).compactMap { _ in try? queue.tryGet() }
                    return got + left == [1, 2, 3]
                }
                return { for try await element in queue { got.append(element) } }
            },
        ]
    }

    static var channels: [CancellationScenario] {
        [
            CancellationScenario("receiving from a channel") { trial in
                let channel = trial.tracked(Channel<Int>())
                var got: [Int] = []
                var sent: [Int] = []
                trial.step {
                    trial.helper {
                        try await channel.send(1)
                        sent.append(1)
                    }
                }
                trial.step { channel.close() }
                trial.check("what was sent was received, once") { got == sent }
                trial.check("nobody waits") { channel.waitingReceivers == 0 && channel.waitingSenders == 0 }
                return { for try await element in channel { got.append(element) } }
            },
            CancellationScenario("sending to a channel with a buffer, beside another sender") { trial in
                let channel = trial.tracked(Channel<Int>(capacity: 1))
                var sent: [Int] = []
                var got: [Int] = []
                trial.step {
                    trial.helper {
                        try await channel.send(10)
                        sent.append(10)
                    }
                }
                for _ in 0..<4 { trial.step { if let element = channel.tryReceive() { got.append(element) } } }
                trial.check("what was sent was received, once") { got.sorted() == sent.sorted() }
                trial.check("the other has sent") { sent.contains(10) }
                trial.check("nobody waits") { channel.waitingReceivers == 0 && channel.waitingSenders == 0 }
                return {
                    for element in 1...3 {
                        try await channel.send(element)
                        sent.append(element)
                    }
                }
            },
            CancellationScenario("selecting among receives, sends and a delay") { trial in
                let numbers = trial.tracked(Channel<Int>())
                let words = trial.tracked(Channel<String>())
                let quiet = trial.tracked(Channel<Int>())
                var got: [Int] = []
                var offered: [Int] = []
                var sent = 0
                var received: [String] = []
                trial.step { if try numbers.trySend(1) { offered.append(1) } }
                trial.step { if let word = words.tryReceive() { received.append(word) } }
                trial.step { if try numbers.trySend(2) { offered.append(2) } }
                trial.check("what was sent was received, on both channels") {
                    got == offered && received.count == sent
                }
                trial.check("nobody waits") {
                    numbers.waitingReceivers + quiet.waitingReceivers + words.waitingSenders == 0
                }
                trial.check("no timer is left") { trial.clock.armedTimers == 0 }
                return {
                    for _ in 0..<4 {
                        try await select(
                            .receive(from: numbers) { if let number = $0 { got.append(number) } },
                            .receive(from: quiet) { _ in },
                            .send("word", to: words) { sent += 1 },
                            .after(.milliseconds(2)) {})
                    }
                }
            },
            CancellationScenario("two selects that meet each other") { trial in
                let there = trial.tracked(Channel<Int>())
                let back = trial.tracked(Channel<Int>())
                var mine = 0
                var theirs = 0
                trial.step {
                    trial.helper {
                        try await select(.receive(from: there) { _ in theirs += 1 }, .after(.milliseconds(1)) {})
                        try await select(.send(2, to: back) { theirs += 1 }, .after(.milliseconds(1)) {})
                    }
                }
                trial.check("both sides count the same") { mine == theirs }
                trial.check("nobody waits") {
                    there.waitingSenders + there.waitingReceivers + back.waitingSenders + back.waitingReceivers == 0
                }
                return {
                    try await select(.send(1, to: there) { mine += 1 }, .receive(from: back) { _ in mine += 1 })
                    try await select(.receive(from: back) { _ in mine += 1 })
                }
            },
        ]
    }

    static var pacing: [CancellationScenario] {
        [
            CancellationScenario("a rate limiter, before another that waits") { trial in
                let limiter = trial.tracked(RateLimiter(rate: 1, per: .milliseconds(1), burst: 3))
                _ = limiter.tryAcquire(3)
                let start = trial.clock.now
                var othersWait: Duration?
                trial.step {
                    trial.helper {
                        try await limiter.acquire()
                        othersWait = trial.clock.now - start
                    }
                }
                trial.step { await trial.clock.advance(by: .milliseconds(2)) }
                trial.step { await trial.clock.advance(by: .milliseconds(4)) }
                trial.check("the one behind waited for what was taken before it, and no more") {
                    othersWait == .milliseconds(trial.isFinished ? 3 : 1)
                }
                trial.check("what was not taken is there") { limiter.available == 3 }
                trial.check("nobody waits and no timer is left") {
                    limiter.waiterCount == 0 && trial.clock.armedTimers == 0
                }
                return { try await limiter.acquire(2) }
            }
        ]
    }
}
