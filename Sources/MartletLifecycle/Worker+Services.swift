import MartletLoop
import MartletServer
import ServiceLifecycle

/// Until when a service is needed.
public nonisolated enum ServiceEnd: Sendable {
    /// It takes in work of its own, such as a queue's: it is to finish when the worker begins to drain.
    case drain
    /// Requests need it, such as a pool of connections: it is to finish when the last one is answered.
    case lastRequest
}

extension Worker {
    /// Runs a service of swift-service-lifecycle beside the requests. Call it in the application's `start`.
    ///
    /// ```swift
    /// static func start(_ worker: Worker) async throws {
    ///     worker.run(database, until: .lastRequest)
    ///     worker.run(QueueConsumer())
    /// }
    /// ```
    ///
    /// When it is to finish, its `gracefulShutdown()`, `cancelWhenGracefulShutdown` and handlers hear of it, and the
    /// worker waits for it to return; it is cancelled when `timeouts.drain` has passed. A service that returns or throws
    /// before that ends the worker, which drains, and which the supervisor replaces.
    ///
    /// Signals are the supervisor's: a service gets none.
    ///
    /// - Parameters:
    ///   - service: the service. It runs on the loop as everything else does, unless it goes elsewhere itself.
    ///   - name: for the log; the type's name unless given.
    ///   - end: until when it is needed.
    public func run(_ service: any Service, name: String? = nil, until end: ServiceEnd = .drain) {
        let name = name ?? "\(type(of: service))"
        var configuration = ServiceGroupConfiguration(
            services: [
                .init(
                    service: service, successTerminationBehavior: .gracefullyShutdownGroup,
                    failureTerminationBehavior: .cancelGroup, serviceName: name)
            ],
            logger: logger)
        configuration.gracefulShutdownSignals = []
        configuration.cancellationSignals = []
        let group = ServiceGroup(configuration: configuration)
        let course = Course()
        background(name) {
            do {
                try await group.run()
                if !course.isToFinish { self.fail(because: "the service \"\(name)\" ended") }
            } catch {
                if !course.isToFinish { self.fail(because: "the service \"\(name)\" failed: \(error)") }
                throw error
            }
        }
        let finish: @MainActor () -> Void = {
            course.isToFinish = true
            Task { await group.triggerGracefulShutdown() }
        }
        switch end {
        case .drain: onDrain(finish)
        case .lastRequest: onLastRequest(finish)
        }
    }
}

/// Whether a service has been told to finish.
private final class Course {
    var isToFinish = false

    deinit {}
}
