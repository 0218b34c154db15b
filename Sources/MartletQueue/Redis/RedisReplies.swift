import MartletRESP

extension RESPValue {
    /// A whole number, also where it comes as text.
    nonisolated var number: Int? {
        if case .integer(let number) = self { return Int(number) }
        return text.flatMap { Int($0) }
    }
}

extension ClaimedJob {
    /// What the script `claim` says of a job; whatever of it is no number, or out of range, is brought into it.
    nonisolated init?(_ reply: RESPValue) {
        guard let parts = reply.elements, parts.count == 12, let id = parts[0].number, let claim = parts[1].number,
            let kind = parts[2].text, let payload = parts[3].bytes
        else { return nil }
        lease = JobLease(job: id, claim: claim)
        self.kind = kind
        self.payload = payload
        key = parts[4].text
        priority = JobPriority(clamping: parts[5].number ?? 1)
        attempt = parts[6].number ?? 1
        maximumAttempts = max(1, parts[7].number ?? 1)
        let backoff = (parts[8].text ?? "").split(separator: " ")
        self.backoff =
            backoff.count == 3
            ? JobBackoff(
                firstMilliseconds: Int(backoff[0]) ?? 0, longestMilliseconds: Int(backoff[1]) ?? 0,
                factor: Double(backoff[2]) ?? 1)
            : .exponential()
        timeout = parts[9].number.flatMap { $0 > 0 ? .milliseconds($0) : nil }
        created = parts[10].number ?? 0
        due = parts[11].number ?? 0
    }
}

extension JobStatus {
    /// What the script `statuses` says of a job.
    nonisolated init?(_ reply: RESPValue) {
        guard let parts = reply.elements, parts.count == 16, let id = parts[0].number else { return nil }
        self.id = id
        kind = parts[1].text ?? "?"
        // One whose state is none will not run: it must not keep the others from being seen.
        state = parts[2].text.flatMap(JobState.init(rawValue:)) ?? .dead
        priority = JobPriority(clamping: parts[3].number ?? 1)
        key = parts[4].text
        attempts = parts[5].number ?? 0
        maximumAttempts = parts[6].number ?? 1
        progress = JobProgress.clamped(parts[7].text.flatMap { Double($0) } ?? 0)
        note = parts[8].text
        error = parts[9].text
        worker = parts[10].text
        created = parts[11].number ?? 0
        due = parts[12].number ?? 0
        started = parts[13].number
        finished = parts[14].number
        payloadBytes = parts[15].number ?? 0
    }
}
