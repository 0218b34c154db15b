import MartletLoop

/// The smallest program on the loop: linking the library is all that it takes.
@main
struct HelloLoop {
    static func main() async throws {
        print("Hello …")
        try await Task.sleep(for: .milliseconds(100))
        print("… World")
    }
}
