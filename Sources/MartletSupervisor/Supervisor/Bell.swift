/// Wakes up one sleeper; rung while nobody sleeps, it lets the next sleep end at once.
final class Bell {
    private var isRung = false
    private var sleeper: UnsafeContinuation<Void, Never>?

    func ring() {
        guard let waiting = sleeper else {
            isRung = true
            return
        }
        sleeper = nil
        waiting.resume()
    }

    func wait() async {
        if isRung {
            isRung = false
            return
        }
        await withUnsafeContinuation { sleeper = $0 }
    }
}
