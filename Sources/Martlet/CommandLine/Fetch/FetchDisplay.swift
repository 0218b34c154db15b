import MartletDownloads

/// How far downloads are, as text.
nonisolated enum FetchDisplay {
    /// A bar for each file under way and one for all, no more lines than fit.
    static func lines(of progress: DownloadsProgress, width: Int, height: Int) -> [String] {
        let active = progress.files.filter { !$0.isFinished && $0.state != .waiting }
        var lines = active.prefix(max(0, height - 1)).map { file in
            line(
                file.name ?? file.url, note: note(file), bytes: file.bytes, total: file.total, rate: file.rate,
                width: width)
        }
        let waiting = progress.files.count - progress.done - progress.failed - active.count
        let counts =
            "\(progress.done)/\(progress.files.count) files" + (waiting > 0 ? ", \(waiting) waiting" : "")
            + (progress.failed > 0 ? ", \(progress.failed) failed" : "")
        lines.append(
            line(counts, note: nil, bytes: progress.bytes, total: progress.total, rate: progress.rate, width: width))
        return lines
    }

    private static func note(_ file: FileProgress) -> String? {
        switch file.state {
        case .asking: "asking"
        case .retrying: "trying again: \(file.error?.reason ?? "")"
        case .finishing: "checking"
        default: nil
        }
    }

    /// `name            [=====>    ]  45%  12.3 MiB of 27.1 MiB   3.2 MiB/s  0:05`
    static func line(
        _ name: String, note: String?, bytes: Int, total: Int?, rate: Double, width: Int
    ) -> String {
        let nameWidth = max(12, min(30, width / 3))
        var right: String
        if let note {
            right = note
        } else if let total {
            right = "\(amount(bytes)) of \(amount(total))"
        } else {
            right = amount(bytes)
        }
        if note == nil, rate >= 1 {
            right += "  \(amount(Int(min(rate, 1e18))))/s"
            if let total, total > bytes { right += "  \(clock(Double(total - bytes) / rate))" }
        }
        let barWidth = width - nameWidth - right.count - 12
        var text = fitted(name, nameWidth)
        if let total, barWidth >= 10 {
            let share = total > 0 ? min(1, Double(bytes) / Double(total)) : 1
            let filled = Int(share * Double(barWidth))
            let bar = String(repeating: "=", count: filled) + String(repeating: " ", count: barWidth - filled)
            let percent = String(Int(share * 100))
            text += " [\(bar)] \(String(repeating: " ", count: 3 - percent.count))\(percent)%  "
        } else {
            text += "  "
        }
        return String((text + right).prefix(max(1, width - 1)))
    }

    /// What a file that is over has come to; nothing of one that failed, which is told at the end.
    static func verdict(on file: FileProgress) -> String? {
        let name = file.name ?? file.url
        return switch file.state {
        case .done: "\(name): \(amount(file.bytes))"
        case .wasThere: "\(name): is there already"
        default: nil
        }
    }

    /// `3 of 4 files, 1.2 GiB in 12.0 s (102.4 MiB/s)`
    static func summary(files: Int, of count: Int, received: Int, time: Duration) -> String {
        let seconds = Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18
        var text = "\(files) of \(count) file\(count == 1 ? "" : "s"), \(amount(received)) in \(tenths(seconds)) s"
        if seconds > 0, received > 0 { text += " (\(amount(Int(min(Double(received) / seconds, 1e18))))/s)" }
        return text
    }

    /// `999 B`, `1.5 KiB`, `27.1 MiB`
    static func amount(_ bytes: Int) -> String {
        guard bytes >= 1024 else { return "\(bytes) B" }
        var value = Double(bytes) / 1024
        for unit in ["KiB", "MiB", "GiB", "TiB"] {
            // 1023.96 would be shown as 1024.0.
            if value < 1023.95 { return "\(tenths(value)) \(unit)" }
            value /= 1024
        }
        return "\(tenths(value)) PiB"
    }

    private static func tenths(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    /// `0:05`, `12:30`, `3:00:00`
    static func clock(_ seconds: Double) -> String {
        let seconds = Int(min(max(0, seconds.rounded(.up)), 359_999))
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
        return hours > 0 ? "\(hours):\(two(minutes)):\(two(seconds % 60))" : "\(minutes):\(two(seconds % 60))"
    }

    private static func fitted(_ name: String, _ width: Int) -> String {
        let count = name.count
        if count <= width { return name + String(repeating: " ", count: width - count) }
        // The ending tells more than the middle.
        return name.prefix(width - 9) + "…" + name.suffix(8)
    }
}
