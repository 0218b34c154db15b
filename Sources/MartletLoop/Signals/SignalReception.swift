/// Where the signals of a sequence arrive and wait to be taken.
final class SignalReception {
    private var watches: [SignalWatch] = []
    /// At most one of each number, in the order of arrival.
    private var arrived: [Signal] = []
    private let waiting = WaitQueue<Void, Signal?>()

    init(_ numbers: [Int32]) throws(SystemError) {
        do throws(SystemError) {
            for number in Set(numbers) {
                watches.append(try SignalWatch(number) { [unowned self] in receive($0) })
            }
        } catch {
            cancel()
            throw error
        }
    }

    isolated deinit {
        cancel()
    }

    /// What has arrived comes first, also when the task has been cancelled: a signal is not lost by that.
    func next() async -> Signal? {
        if !arrived.isEmpty { return arrived.removeFirst() }
        guard !watches.isEmpty else { return nil }
        do {
            return try await waiting.wait(())
        } catch {
            cancel()
            return nil
        }
    }

    func cancel() {
        for watch in watches { watch.cancel() }
        watches = []
        waiting.answerAll(nil)
    }

    private func receive(_ signal: Signal) {
        guard !waiting.answerFirst(signal), !arrived.contains(where: { $0.number == signal.number }) else { return }
        arrived.append(signal)
    }
}
