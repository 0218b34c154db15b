import MartletLoop

/// Two tasks side by side: together they take as long as the longer one, on one thread.
@main
struct SideBySide {
    static func main() async throws {
        let start = EventLoop.main.time()
        let (tea, toast) = try await gather({ try await brew("tea") }, { try await roast("toast") })
        let took = EventLoop.main.time() - start
        print("\(tea) and \(toast)", took < .milliseconds(600) ? "side by side" : "one after the other")
    }

    static func brew(_ what: String) async throws -> String {
        print("brewing \(what)")
        try await Task.sleep(for: .milliseconds(300))
        print("\(what) is ready")
        return "hot \(what)"
    }

    static func roast(_ what: String) async throws -> String {
        print("roasting \(what)")
        try await Task.sleep(for: .milliseconds(400))
        print("\(what) is ready")
        return "crisp \(what)"
    }
}
