import CMartlet
import Glibc

/// Debug mode: while there is one, the loop tells it what runs. What it costs: some 0.5 µs for each tick and each job.
final class LoopDebugger {
    /// The one that is in use; `nil` when debug mode is off, and a test for that is all that it costs then.
    static private(set) var current: LoopDebugger?

    /// How long a job may take before it is reported; how, and to whom.
    static var slowJobThreshold: Duration = .milliseconds(100) {
        didSet { current?.arm(at: .readClock()) }
    }
    static var reportSlowJob: @MainActor (SlowJob) -> Void = { writeToStandardError("\($0)") }
    static var reportLostError: @MainActor (LostError) -> Void = { writeToStandardError("\($0)") }
    static var reportTasks: @MainActor (TaskDump) -> Void = { writeToStandardError("\($0)") }

    /// Why tasks cannot be seen, if they cannot.
    let disagreement: String?
    private let registry = TaskRegistry()
    private let symbolizer = Symbolizer.shared
    private var isSampling: Bool
    /// When the timers and descriptors of this tick had their turn; `nil` when they have had it.
    private var callbacksBegan: EventLoop.Instant?
    private var armed = EventLoop.Instant(nanoseconds: 0)

    /// Switches debug mode on or off.
    static func switchOn(_ isOn: Bool) {
        guard isOn != (current != nil) else { return }
        if isOn {
            current = LoopDebugger()
            // For a loop that is stuck, which cannot make a dump.
            martlet_install_backtrace_handler()
            _ = martlet_dump_on(martlet_dump_signal(), ReadyQueue.shared.wakeDescriptor)
        } else {
            current?.end()
            current = nil
        }
    }

    /// Switches debug mode on, once, when the environment says `MARTLET_DEBUG=1`.
    static func startIfAsked() { _ = isAsked }

    private static let isAsked: Bool = {
        guard let value = getenv("MARTLET_DEBUG"), String(cString: value) == "1" else { return false }
        switchOn(true)
        return true
    }()

    private init() {
        disagreement = TaskReader.disagreement()
        isSampling = martlet_sampler_start() == 0
    }

    private func end() {
        if isSampling { martlet_sampler_stop() }
        isSampling = false
    }

    // MARK: What the loop tells

    /// A tick has woken up.
    func tickBegan(at time: EventLoop.Instant) {
        var time = time
        if martlet_dump_was_requested() {
            Self.reportTasks(dump())
            time = .readClock()
        }
        callbacksBegan = time
        arm(at: time)
    }

    /// The tick is over, and the loop may wait.
    func tickEnded() {
        callbacksEnded(at: .readClock())
        if isSampling { martlet_sampler_arm(0) }
    }

    private func callbacksEnded(at time: EventLoop.Instant) {
        guard let began = callbacksBegan else { return }
        callbacksBegan = nil
        if time - began > Self.slowJobThreshold { report(time - began, of: "timers and descriptors") }
    }

    /// Runs what is next.
    func run(_ item: ReadyItem) {
        let task = disagreement == nil ? item.queuedJob.flatMap(TaskReader.task) : nil
        if let task { registry.enter(task) }
        var start = EventLoop.Instant.readClock()
        if callbacksBegan != nil {
            callbacksEnded(at: start)
            start = .readClock()
        }
        martlet_sampler_begin_job()
        item.run()
        martlet_sampler_end_job()
        var end = EventLoop.Instant.readClock()
        if end - start > Self.slowJobThreshold {
            // Before the task is forgotten, if it has ended.
            report(end - start, of: task.flatMap { registry.entries[$0]?.title } ?? item.kind)
            end = .readClock()
        }
        if let task, let lost = registry.leave(task, at: end) { Self.reportLostError(lost) }
        // So that a job that is slow by itself is seen in the act, whatever ran before it.
        if (end - armed) * 2 > Self.slowJobThreshold { arm(at: end) }
    }

    /// The task that runs is about to be suspended: for those that have never been queued, which is how
    /// `Task.immediate` begins.
    func currentTaskSuspends() {
        if disagreement == nil { registry.suspendCurrentTask(until: nil) }
    }

    /// The task that runs is about to sleep.
    func currentTaskSleeps(until time: EventLoop.Instant) {
        if disagreement == nil { registry.suspendCurrentTask(until: time) }
    }

    // MARK: Reports

    /// All tasks that are known of.
    func dump() -> TaskDump {
        if let disagreement {
            return TaskDump(tasks: [], time: .readClock(), remark: "tasks cannot be looked at: \(disagreement)")
        }
        symbolizer.beginReport()
        let tasks = registry.snapshots(symbolizer)
        return TaskDump(
            tasks: tasks, time: .readClock(),
            remark: symbolizer.isCutShort ? "some lines are missing, which take long to look up: ask again" : nil)
    }

    /// How many tasks are held.
    var registeredTasks: Int { registry.entries.count }

    private func report(_ duration: Duration, of title: String) {
        var sample = martlet_sample()
        let isSeen = martlet_sampler_take(&sample)
        symbolizer.beginReport()
        Self.reportSlowJob(
            SlowJob(duration: duration, culprit: title, backtrace: isSeen ? symbolizer.frames(of: sample) : []))
    }

    private func arm(at time: EventLoop.Instant) {
        guard isSampling else { return }
        armed = time
        // What was seen of something that turned out not to be slow.
        var stale = martlet_sample()
        _ = martlet_sampler_take(&stale)
        martlet_sampler_arm(UInt64(max(1, Self.slowJobThreshold.nanosecondsClamped)))
    }
}
