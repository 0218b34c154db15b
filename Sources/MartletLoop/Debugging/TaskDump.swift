/// All tasks at one moment, and what each waits for: asyncio's `ps` and `pstree`.
///
/// ```
/// 3 tasks: 1 running, 2 suspended
/// task 1 "main": running
///     main() at Sources/App/main.swift:30
/// task 5 "worker": suspended for 310 ms, waits in Queue.get
///     Queue.get() at Sources/MartletLoop/Queues/Queue.swift:57
///     consume(_:) at Sources/App/Worker.swift:12
/// ```
public nonisolated struct TaskDump: Sendable, CustomStringConvertible {
    /// The tasks, oldest first.
    public let tasks: [TaskSnapshot]
    /// When it was made.
    public let time: EventLoop.Instant
    /// What cannot be seen, and why; `nil` when nothing is missing that is known of.
    public let remark: String?

    /// A list, with the place where each task is. Tasks without a name that are at the same place in the same state
    /// share an entry.
    public var description: String {
        var lines = [heading]
        for group in Self.groupedByPlace(tasks) {
            guard let first = group.first else { continue }
            let parent = group.count == 1 ? first.parent.map { ", child of \($0)" } ?? "" : ""
            lines.append("\(Self.title(of: group))\(parent): \(first.activity(at: time))")
            lines += first.frames.map { "    \($0)" }
        }
        return lines.joined(separator: "\n")
    }

    /// A tree of parents and children, a line for each task, or for those that differ in nothing and have no children.
    public var tree: String {
        let ids = Set(tasks.map(\.id))
        let children = Dictionary(grouping: tasks) { task in task.parent.flatMap { ids.contains($0) ? $0 : nil } }
        var lines = [heading]
        draw(children[nil] ?? [], children, indent: nil, into: &lines)
        return lines.joined(separator: "\n")
    }

    private var heading: String {
        let codes: [TaskSnapshot.State.Code] = [.running, .ready, .sleeping, .suspended]
        let counts = codes.compactMap { code in
            let count = tasks.count { $0.state.code == code }
            return count > 0 ? "\(count) \(code)" : nil
        }
        let total = tasks.count == 1 ? "1 task" : "\(tasks.count) tasks"
        let summary = counts.isEmpty ? total : "\(total): \(counts.joined(separator: ", "))"
        return remark.map { "\(summary)\n(\($0))" } ?? summary
    }

    private struct Place: Hashable {
        let code: TaskSnapshot.State.Code
        let isCancelled: Bool
        let isChild: Bool
        let name: String?
        let awaitedTask: UInt64?
        let addresses: [UInt]
    }

    private static func groupedByPlace(_ tasks: [TaskSnapshot]) -> [[TaskSnapshot]] {
        var groups: [[TaskSnapshot]] = []
        var indices: [Place: Int] = [:]
        for task in tasks {
            let place = Place(
                code: task.state.code, isCancelled: task.isCancelled, isChild: task.parent != nil, name: task.name,
                awaitedTask: task.awaitedTask, addresses: task.frames.map(\.address))
            if let index = indices[place] {
                groups[index].append(task)
            } else {
                indices[place] = groups.count
                groups.append([task])
            }
        }
        return groups
    }

    private static func title(of group: [TaskSnapshot]) -> String {
        guard let first = group.first else { return "" }
        guard group.count > 1 else { return "\(first)" }
        let shown = group.prefix(5).map { "\($0.id)" }.joined(separator: ", ")
        let name = first.name.map { " \"\($0)\"" } ?? ""
        return "\(group.count) tasks\(name) (\(shown)\(group.count > 5 ? ", …" : ""))"
    }

    /// Draws siblings and what is below them. Recursion as deep as tasks are nested.
    private func draw(
        _ siblings: [TaskSnapshot], _ children: [UInt64?: [TaskSnapshot]], indent: String?, into lines: inout [String]
    ) {
        let parents = siblings.filter { children[$0.id] != nil }.map { [$0] }
        let leaves = Self.groupedByPlace(siblings.filter { children[$0.id] == nil })
        let groups = (parents + leaves).sorted { ($0.first?.id ?? 0) < ($1.first?.id ?? 0) }
        for (index, group) in groups.enumerated() {
            guard let first = group.first else { continue }
            let isLast = index == groups.count - 1
            let branch = indent.map { $0 + (isLast ? "└── " : "├── ") } ?? ""
            let place = first.frames.first { !$0.isLibrary }.map { ", in \($0)" } ?? ""
            lines.append("\(branch)\(Self.title(of: group)): \(first.activity(at: time))\(place)")
            let below = indent.map { $0 + (isLast ? "    " : "│   ") } ?? ""
            draw(children[first.id] ?? [], children, indent: below, into: &lines)
        }
    }
}
