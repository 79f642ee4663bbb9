// Writes log lines off the threads that log: a slow reader of our standard error must not hold up a
// connection. Lines queue up to a limit; beyond it they are dropped, and how many is said.
//
// Lines of the same few milliseconds are written together: to wake a thread for each costs as much as to answer
// a small read. What is serious does not wait.

internal import Dispatch
internal import Synchronization

final class LogWriter: Sendable {
    /// Bytes of lines that wait to be written.
    static let limitBytes = 4 << 20
    /// How long a line waits for others.
    static let gathering = DispatchTimeInterval.milliseconds(5)

    private struct State {
        var waiting: [UInt8] = []
        var dropped = 0
        var isScheduled = false
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "holdfast.log")
    private let descriptor: CInt

    init(descriptor: CInt) { self.descriptor = descriptor }

    /// Takes one line, line break included. An urgent one is written without waiting for others.
    func append(_ line: [UInt8], isUrgent: Bool) {
        let mustStart = state.withLock { state in
            guard state.waiting.count + line.count <= Self.limitBytes else {
                state.dropped += 1
                return false
            }
            state.waiting.append(contentsOf: line)
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        if isUrgent {
            queue.async { self.drain() }
        } else if mustStart {
            queue.asyncAfter(deadline: .now() + Self.gathering) { self.drain() }
        }
    }

    /// Returns when every line so far is written.
    func flush() { queue.sync { drain() } }

    /// Only on `queue`.
    private func drain() {
        let (bytes, dropped) = state.withLock { state in
            let taken = (state.waiting, state.dropped)
            (state.waiting, state.dropped, state.isScheduled) = ([], 0, false)
            return taken
        }
        Terminal.write(bytes[...], to: descriptor)
        if dropped > 0 {
            Terminal.write("\(dropped) log lines were dropped here\n", to: descriptor)
        }
    }
}
