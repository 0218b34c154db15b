import MartletClient
import MartletLoop
import Testing

/// The error that `body` ends with, as a client's; fails the test when there is none.
func failure(
    _ location: SourceLocation = #_sourceLocation, _ body: () async throws -> some Any
) async -> HTTPClientError? {
    do {
        _ = try await body()
        Issue.record("it did not fail", sourceLocation: location)
    } catch let error as HTTPClientError {
        return error
    } catch {
        Issue.record("it failed otherwise: \(error)", sourceLocation: location)
    }
    return nil
}

/// Waits for what other tasks bring about.
func eventually(_ what: String, _ condition: @escaping () -> Bool) async throws {
    try await withTimeout(.seconds(60), for: what) {
        while !condition() { try await Task.sleep(for: .milliseconds(1)) }
    }
}

/// A client that gives up soon, so that a test that goes wrong ends.
func quickClient(_ change: (inout HTTPClientSettings) -> Void = { _ in }) -> HTTPClient {
    var settings = HTTPClientSettings()
    settings.timeouts.total = .seconds(60)
    change(&settings)
    return HTTPClient(settings)
}
