import CMartlet

extension EventLoop {
    /// Whether debug mode is on: the loop then knows all tasks for `taskDump`, reports what holds it up and errors that
    /// nobody will see. `MARTLET_DEBUG=1` in the environment switches it on when the loop begins to run.
    ///
    /// It costs some 0.5 µs for each job and each tick, and nothing while it is off. What is suspended when it is
    /// switched on is only known from when it runs again. While it is on, `kill -s RTMIN+5` has a dump written to
    /// standard error.
    public var isDebugging: Bool {
        get { LoopDebugger.current != nil }
        set { LoopDebugger.switchOn(newValue) }
    }

    /// In debug mode, what takes longer than this is reported; 100 ms unless set.
    ///
    /// A signal (SIGRTMIN+6, with SA_RESTART) finds out where it is: system calls that wait for a time or for events
    /// may end early with EINTR (man 7 signal).
    public var slowJobThreshold: Duration {
        get { LoopDebugger.slowJobThreshold }
        set { LoopDebugger.slowJobThreshold = newValue }
    }

    /// In debug mode, is called with whatever held up the loop, after it has; writes to standard error unless set.
    public var onSlowJob: @MainActor (SlowJob) -> Void {
        get { LoopDebugger.reportSlowJob }
        set { LoopDebugger.reportSlowJob = newValue }
    }

    /// In debug mode, is called when a task that nobody has a handle of ends with an error other than
    /// `CancellationError`; writes to standard error unless set. An error in a task whose handle is dropped later is
    /// not reported: whether it was looked at cannot be told.
    public var onLostError: @MainActor (LostError) -> Void {
        get { LoopDebugger.reportLostError }
        set { LoopDebugger.reportLostError = newValue }
    }

    /// In debug mode, is called with the dump that a signal asked for; writes it to standard error unless set.
    public var onTaskDump: @MainActor (TaskDump) -> Void {
        get { LoopDebugger.reportTasks }
        set { LoopDebugger.reportTasks = newValue }
    }

    /// How many tasks debug mode keeps.
    package var registeredTasks: Int { LoopDebugger.current?.registeredTasks ?? 0 }

    /// How long one report of debug mode may look up lines, during which the loop stands still.
    package var patienceForLines: Duration {
        get { Symbolizer.shared.patience }
        set { Symbolizer.shared.patience = newValue }
    }

    /// All tasks, of the whole process, that have run on the loop, are children of such tasks or are waited for by
    /// them.
    ///
    /// Needs debug mode. Takes some 10 µs for each task, and half a second at most to look up lines, during which the
    /// loop stands still. Not found are tasks that have only run on other executors or on actors of their own, and
    /// tasks from `Task.immediate` before their second suspension, unless they wait in a primitive of Martlet.
    public func taskDump() -> TaskDump {
        LoopDebugger.current?.dump()
            ?? TaskDump(
                tasks: [], time: time(),
                remark: "debug mode is off: set isDebugging, or MARTLET_DEBUG=1 in the environment")
    }

    /// Has a dump of all tasks made whenever the process gets the signal, for `onTaskDump`. Switches debug mode on.
    ///
    /// The loop makes it in its next tick. A loop that is stuck makes none: in debug mode, SIGRTMIN+4 has the stack
    /// of the thread that it reaches written to standard error at once.
    ///
    /// - Throws: when the signal cannot be caught.
    public func dumpTasks(on signal: Int32) throws(SystemError) {
        let result = martlet_dump_on(signal, ReadyQueue.shared.wakeDescriptor)
        guard result == 0 else { throw SystemError("catch", target: Signal(signal).name, code: -result) }
        isDebugging = true
    }
}
