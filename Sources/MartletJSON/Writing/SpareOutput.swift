import Glibc

/// The output that a thread has written its last document to, for its next one: it allocates nothing then.
enum SpareOutput {
    /// A larger one is not kept: a single large document would hold its memory for ever.
    private static let largestCapacity = 64 << 10

    /// Where each thread has its own; nil when the process has used up all such places.
    private static let place: pthread_key_t? = {
        var key = pthread_key_t()
        let failed = pthread_key_create(&key) { spare in
            if let spare { Unmanaged<JSONOutput>.fromOpaque(spare).release() }
        }
        return failed == 0 ? key : nil
    }()

    /// The thread's spare output, or a new one: also for a document that is written while another one is.
    static func take(for writer: JSONWriter) -> JSONOutput {
        guard let place, let spare = pthread_getspecific(place) else { return JSONOutput(writer) }
        pthread_setspecific(place, nil)
        let output = Unmanaged<JSONOutput>.fromOpaque(spare).takeRetainedValue()
        output.reuse(writer)
        return output
    }

    /// Keeps an output whose document is finished, unless somebody has kept an encoder that writes to it.
    static func keep(_ output: inout JSONOutput) {
        guard let place, output.isReusable, output.bytes.capacity <= largestCapacity,
            isKnownUniquelyReferenced(&output), pthread_getspecific(place) == nil
        else { return }
        pthread_setspecific(place, Unmanaged.passRetained(output).toOpaque())
    }
}
