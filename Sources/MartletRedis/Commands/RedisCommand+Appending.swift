import MartletRESP

nonisolated extension RedisCommand {
    /// Appends seconds, with a fraction down to milliseconds: zero stays zero, and what is less than one is one.
    public mutating func append(seconds duration: Duration) {
        let milliseconds = duration.wholeMilliseconds
        if milliseconds % 1000 == 0 {
            append(milliseconds / 1000)
        } else {
            append(Double(milliseconds) / 1000)
        }
    }

    /// Appends milliseconds, rounded up, so that only zero is zero, which often means for ever.
    public mutating func append(milliseconds duration: Duration) { append(duration.wholeMilliseconds) }

    /// Appends pairs, one after the other.
    public mutating func append(pairs: RedisPairs) {
        for (first, second) in pairs.elements {
            append(first)
            append(second)
        }
    }

    /// Appends pairs of a key and a value.
    public mutating func append(keyPairs pairs: RedisPairs) {
        for (key, value) in pairs.elements {
            append(key: key)
            append(value)
        }
    }

    /// Appends members with their scores, the score first.
    public mutating func append(scores: RedisScores) {
        for (member, score) in scores.elements {
            append(score)
            append(member)
        }
    }
}

nonisolated extension Duration {
    /// Milliseconds, rounded away from zero; what does not fit is as much as fits.
    var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflows) = seconds.multipliedReportingOverflow(by: 1000)
        let perMillisecond: Int64 = 1_000_000_000_000_000
        let rest = (attoseconds.magnitude + UInt64(perMillisecond - 1)) / UInt64(perMillisecond)
        let (sum, sumOverflows) = whole.addingReportingOverflow(Int64(rest) * attoseconds.signum())
        if overflows || sumOverflows { return seconds < 0 ? .min : .max }
        return sum
    }
}
