import Testing

/// The real release binaries, driven with real clients. One after the other: these tests load the machine, and some
/// measure what happens meanwhile.
@Suite("End to end", .serialized)
enum EndToEnd {}
