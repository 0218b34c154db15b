import MartletLoop

/// What becomes of errors: those of tasks, of one among several, of time that runs out, and of what is tried again.
@main
struct RaiseAndCatch {
    struct Burnt: Error { let dish: String }

    static func main() async throws {
        // An error of a task is thrown where the task is awaited.
        do {
            _ = try await Task { try await cook("rice", for: .milliseconds(10), burns: true) }.value
        } catch let error as Burnt {
            print("the \(error.dish) is burnt")
        }

        // The first error of several cancels the others, and is thrown once they have ended.
        do {
            _ = try await gather(
                { try await cook("soup", for: .seconds(60)) },
                { try await cook("fish", for: .milliseconds(20), burns: true) })
        } catch let error as Burnt {
            print("dinner is off: the \(error.dish) is burnt")
        }

        // Or all results are wanted, whichever they are.
        for result in try await gatherResults(
            ["peas", "beans"],
            { dish in
                try await cook(dish, for: .milliseconds(10), burns: dish == "beans")
            })
        {
            switch result {
            case .success(let dish): print("\(dish) are fine")
            case .failure(let error): print("failed: \(error)")
            }
        }

        // Time that runs out is an error too, which says what took too long.
        do {
            _ = try await withTimeout(.milliseconds(50), for: "the roast") {
                try await cook("roast", for: .seconds(60))
            }
        } catch let error as TimeoutError {
            print("too late: \(error.subject ?? "")")
        }

        // What fails may be tried again.
        let dish = try await retry(attempts: 3, backoff: .exponential(from: .milliseconds(5))) { attempt in
            try await cook("pancake", for: .milliseconds(5), burns: attempt < 3)
        }
        print("the third \(dish) is the best")
    }

    static func cook(_ dish: String, for time: Duration, burns: Bool = false) async throws -> String {
        do {
            try await Task.sleep(for: time)
        } catch {
            print("the \(dish) is taken off the fire")
            throw error
        }
        if burns { throw Burnt(dish: dish) }
        return dish
    }
}
