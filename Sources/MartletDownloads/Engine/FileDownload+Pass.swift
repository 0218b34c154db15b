import MartletClient
import MartletDownloadPlan
import MartletHTTP
import MartletLoop

/// One pass over what is missing: a request that leads, and others that help it with segments.
extension FileDownload {
    func pass() async throws {
        startOver = nil
        showProgress(.asking)
        if distrustsParts || !allowsParts, !plan.done.isEmpty { try await discard() }
        guard let segment = plan.begin() else { return }
        do {
            try await lead(segment)
        } catch {
            await endHelpers()
            plan.end(segment.id)
            guard let startOver = error as? StartOver ?? startOver else { throw error }
            try await restart(startOver)
            return
        }
        await endHelpers(cancelling: false)
        if let startOver { try await restart(startOver) }
    }

    private func restart(_ reason: StartOver) async throws {
        restarts += 1
        if !reason.withRanges { distrustsParts = true }
        guard restarts <= Self.mostRestarts else {
            throw DownloadError(.changed, url: "\(url)", "\(reason.reason); \(restarts) attempts have failed that way")
        }
        try await discard()
    }

    private func endHelpers(cancelling: Bool = true) async {
        for helper in helpers.values {
            if cancelling { helper.cancel() }
        }
        while let helper = helpers.values.first { await helper.value }
    }

    // MARK: The request that leads

    private func lead(_ segment: SegmentPlan.Segment) async throws {
        let question: Answer.Question =
            plan.done.isEmpty
            ? .whole
            : .part(segment.start..<segment.end, length: plan.length == .max ? nil : plan.length, validator: validator)
        let reply = try await request.ask(question)
        switch reply.answer.verdict(on: question) {
        case .whole(let length):
            if !plan.done.isEmpty { try await discard() }
            try await begin(reply, length: length)
        case .part(_, let end, let length):
            try await resume(reply, segment, to: end, of: length)
        case .nothingLeft(let length):
            plan.finish(at: length)
        case .startOver(let reason, let withRanges):
            reply.response.cancel()
            throw StartOver(reason: reason, withRanges: withRanges)
        case .refused(let mayPass):
            reply.response.cancel()
            throw refusal(reply.response, mayPass)
        }
    }

    /// The whole file comes.
    private func begin(_ reply: FileRequest.Reply, length: Int?) async throws {
        validator = reply.answer.validator
        allowsParts = reply.answer.allowsParts && !distrustsParts
        do {
            try await checkSize(length ?? 0, isWhole: length != nil)
            try await take(
                name: reply.response[.contentDisposition].flatMap { ContentDisposition($0)?.filename }, length)
            try await promiseSpace(length ?? 0)
        } catch {
            reply.response.cancel()
            throw error
        }
        plan = SegmentPlan(length: length, smallest: options.smallestSegment)
        guard let segment = plan.begin() else {
            // No bytes: the body says so.
            reply.response.cancel()
            return
        }
        let count = try await receive(reply.response, for: segment, to: length, isLeading: true)
        if length == nil { plan.finish(at: count) }
        try await work(isLeading: true)
    }

    /// What is missing comes.
    private func resume(
        _ reply: FileRequest.Reply, _ segment: SegmentPlan.Segment, to end: Int, of length: Int
    ) async throws {
        var segment = segment
        do {
            try await checkSize(length, isWhole: true)
            if promise == nil { try await promiseSpace(length - plan.done.count) }
        } catch {
            reply.response.cancel()
            throw error
        }
        if plan.length == .max {
            plan = SegmentPlan(length: length, done: plan.done, smallest: options.smallestSegment)
            guard let known = plan.begin() else { return reply.response.cancel() }
            segment = known
        }
        try await receive(reply.response, for: segment, to: end, isLeading: true)
        try await work(isLeading: true)
    }

    // MARK: Helping

    /// Fetches one missing segment after the other.
    private func work(isLeading: Bool) async throws {
        while startOver == nil, plan.length < .max, let segment = plan.begin() {
            // Ended twice is ended.
            defer { plan.end(segment.id) }
            let question = Answer.Question.part(segment.start..<segment.end, length: plan.length, validator: validator)
            guard allowsParts else { return }
            let reply = try await request.ask(question)
            switch reply.answer.verdict(on: question) {
            case .part(_, let end, _):
                try await receive(reply.response, for: segment, to: end, isLeading: isLeading)
            case .startOver(let reason, let withRanges):
                reply.response.cancel()
                throw StartOver(reason: reason, withRanges: withRanges)
            case .whole, .nothingLeft:
                reply.response.cancel()
                let isOther = !validator.isCompatible(with: reply.answer.validator)
                throw StartOver(
                    reason: isOther ? "the file has changed on the server" : "the server ignores the range asked for",
                    withRanges: isOther)
            case .refused(let mayPass):
                reply.response.cancel()
                throw refusal(reply.response, mayPass)
            }
        }
    }

    /// Begins as many helpers as the file is worth and its host has room for.
    private func askForHelp() {
        guard allowsParts, plan.length < .max, startOver == nil else { return }
        while helpers.count + 1 < options.segments, plan.hasWork, batch.takeRequest(of: host) {
            addHelper { [self] in
                do {
                    try await work(isLeading: false)
                } catch let error as StartOver {
                    startOver = error
                } catch {
                    // What it has not fetched is missing, and the one that leads fetches it, or fails likewise.
                }
                batch.release(host)
            }
        }
    }

    // MARK: Receiving

    /// Receives a segment's bytes, and ends it; what others have taken over is left to them.
    ///
    /// - Parameter end: where the server says that what it sends ends.
    /// - Returns: how many there were.
    @discardableResult
    private func receive(
        _ response: HTTPClientResponse, for segment: SegmentPlan.Segment, to end: Int?, isLeading: Bool
    ) async throws -> Int {
        if let end { plan.limit(segment.id, to: end) }
        defer { plan.end(segment.id) }
        let writer = SegmentWriter { [self] pieces, range in try await write(pieces, range) }
        showProgress(.receiving)
        var count = 0
        do {
            for try await piece in response.body {
                let place = plan.receive(piece.count, of: segment.id)
                if place.count > 0 {
                    count += place.count
                    try await checkSize(place.offset + place.count, isWhole: false)
                    try await writer.take(
                        place.count == piece.count ? piece : Array(piece[..<place.count]), at: place.offset)
                    received += place.count
                    meter.add(place.count)
                    batch.meter.add(place.count)
                    try await batch.limiter?.acquire(place.count)
                    if isLeading { askForHelp() }
                }
                guard place.count == piece.count, startOver == nil else {
                    response.cancel()
                    break
                }
                // The rest is others' from here on, unless the server ends here as well.
                if plan.segment(segment.id)?.remaining == 0, plan.segment(segment.id)?.end != segment.end {
                    response.cancel()
                    break
                }
            }
        } catch {
            response.cancel()
            // What has arrived is kept, whatever has happened. That it cannot be written weighs more.
            try await writer.finish()
            throw error
        }
        try await writer.finish()
        if end != nil, startOver == nil, let rest = plan.segment(segment.id)?.remaining, rest > 0 {
            // The body was whole as far as HTTP goes: asking again would lead to the same.
            throw StartOver(reason: "the server sent \(rest) bytes less than it said", withRanges: false)
        }
        return count
    }

    /// - Parameter isWhole: whether it is the size of all of it, and not only of what has come.
    private func checkSize(_ size: Int, isWhole: Bool) async throws {
        if let most = options.maximumSize, size > most {
            throw DownloadError(.tooLarge, url: "\(url)", "the file has more than the \(most) bytes that it may have")
        }
        guard size > granted, let grantsSize = options.grantsSize else { return }
        granted = try await grantsSize(size, isWhole)
    }

    /// Sees to it that there is room for bytes of a file of unknown length, and for some more if there is.
    func promiseSpaceForUnknown(_ bytes: Int) async throws {
        if let promise, promise.bytes >= bytes { return }
        guard let file else { return }
        let (device, free) = try await file.space()
        promise?.end()
        let step = max(bytes, Self.spaceStep)
        promise = SpaceLedger.shared.promise(step, on: device, free: free, reserve: options.reservedSpace)
        if promise == nil { try await promiseSpace(bytes) }
    }

    private static let spaceStep = 16 << 20

    private func promiseSpace(_ bytes: Int) async throws {
        guard bytes > 0, let file else { return }
        let (device, free) = try await file.space()
        promise = SpaceLedger.shared.promise(bytes, on: device, free: free, reserve: options.reservedSpace)
        guard promise == nil else { return }
        throw DownloadError(
            .noSpace, url: "\(url)",
            "there is no room in \(batch.directory): \(bytes) bytes are to come, \(free) are free, of which "
                + "\(options.reservedSpace) stay free and others under way need some")
    }

    private func refusal(_ response: HTTPClientResponse, _ mayPass: Bool) -> RefusedAnswer {
        // It ends up on terminals, some of which obey what stands there.
        let reason = response.status.reasonPhrase.unicodeScalars.prefix(100).filter {
            $0.value >= 0x20 && !(0x7F..<0xA0).contains($0.value)
        }
        return RefusedAnswer(
            status: response.code, reason: String(String.UnicodeScalarView(reason)), mayPass: mayPass,
            retryAfter: response.retryAfter)
    }
}

/// What is there is of no use any more.
struct StartOver: Error {
    let reason: String
    let withRanges: Bool
}

/// The server's answer is no file.
struct RefusedAnswer: Error {
    let status: Int
    let reason: String
    let mayPass: Bool
    let retryAfter: Duration?
}
