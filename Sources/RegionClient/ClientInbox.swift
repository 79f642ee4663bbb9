// What anyone asks of libcurl's thread. `curl_multi_wakeup` is the one call of libcurl that may be made
// from another thread; it is made only when the queue was empty, so that a busy reader costs no system
// call each time.

internal import Replication
internal import Synchronization

final class ClientInbox: Sendable {
    enum Command {
        case start(Transfer)
        case resume(UInt64)
        case cancel(UInt64)
    }

    private struct State {
        var commands: [Command] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let wake: @Sendable () -> Void

    init(wake: @escaping @Sendable () -> Void) { self.wake = wake }

    /// After `close`, a transfer that is to start fails; anything else has nothing left to act on.
    func send(_ command: Command) {
        let (isAccepted, wasEmpty) = state.withLock { state in
            guard !state.isClosed else { return (false, false) }
            state.commands.append(command)
            return (true, state.commands.count == 1)
        }
        if wasEmpty { wake() }
        if !isAccepted, case .start(let transfer) = command { Self.refuse(transfer) }
    }

    /// `nil` once closed and drained.
    func take() -> [Command]? {
        state.withLock { state in
            if state.isClosed, state.commands.isEmpty { return nil }
            defer { state.commands = [] }
            return state.commands
        }
    }

    func close() {
        state.withLock { $0.isClosed = true }
        wake()
    }

    static func refuse(_ transfer: Transfer) {
        transfer.finish(.failure(TransportError(.unreachable, "the client is stopping")))
    }
}
