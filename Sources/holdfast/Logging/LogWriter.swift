// Writes log lines off the threads that log: a slow reader of our standard error must not hold up a
// connection. Lines queue up to a limit; beyond it they are dropped, and how many is said.

internal import Dispatch
internal import Synchronization

final class LogWriter: Sendable {
    /// Bytes of lines that wait to be written.
    static let limitBytes = 4 << 20

    private struct State {
        var waiting: [UInt8] = []
        var dropped = 0
        var isDraining = false
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "holdfast.log")
    private let descriptor: CInt

    init(descriptor: CInt) { self.descriptor = descriptor }

    /// Takes one line; a line break is added.
    func append(_ line: String) {
        let mustStart = state.withLock { state in
            guard state.waiting.count + line.utf8.count < Self.limitBytes else {
                state.dropped += 1
                return false
            }
            state.waiting.append(contentsOf: line.utf8)
            state.waiting.append(UInt8(ascii: "\n"))
            defer { state.isDraining = true }
            return !state.isDraining
        }
        if mustStart { queue.async { self.drain() } }
    }

    /// Returns when every line so far is written.
    func flush() { queue.sync { drain() } }

    /// Only on `queue`.
    private func drain() {
        while true {
            let (bytes, dropped) = state.withLock { state in
                let taken = (state.waiting, state.dropped)
                (state.waiting, state.dropped) = ([], 0)
                state.isDraining = !taken.0.isEmpty || taken.1 > 0
                return taken
            }
            if bytes.isEmpty, dropped == 0 { return }
            Terminal.write(bytes[...], to: descriptor)
            if dropped > 0 {
                Terminal.write("\(dropped) log lines were dropped here\n", to: descriptor)
            }
        }
    }
}
