/// The buffers that connections borrow.
package final class BufferPool {
    private var inputs = Pool<InputBuffer>(capacity: pooledInputs)
    private var outputs = Pool<OutputBuffer>(capacity: pooledOutputs)
    private let inputCapacity: Int

    /// They are large, and in use only from a receive until what it brought has been parsed.
    private static let pooledInputs = 16
    private static let pooledOutputs = 128

    package init(inputCapacity: Int) {
        self.inputCapacity = inputCapacity
    }

    isolated deinit {
        while let input = inputs.take() { input.deallocate() }
        while let output = outputs.take() { output.deallocate() }
    }

    package func takeInput() -> InputBuffer {
        inputs.take() ?? InputBuffer(capacity: inputCapacity)
    }

    package func giveBack(_ input: InputBuffer) {
        input.removeAll()
        if !inputs.giveBack(input) { input.deallocate() }
    }

    package func takeOutput() -> OutputBuffer {
        outputs.take() ?? OutputBuffer()
    }

    package func giveBack(_ output: OutputBuffer) {
        output.removeAll()
        if !outputs.giveBack(output) { output.deallocate() }
    }
}
