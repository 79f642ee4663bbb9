// Everything outbound goes through here: HTTP by libcurl's multi interface on one dedicated thread, with
// connections kept for the next request. A body is streamed with back-pressure: what is not read stops
// the transfer, and what nobody reads any more ends it.

internal import Synchronization

package final class HTTPClient: Sendable {
    private let limits: ClientLimits
    private let tls: ClientTLS
    private let inbox: ClientInbox
    private let lastID = Atomic<UInt64>(0)

    package init(limits: ClientLimits = ClientLimits(), tls: ClientTLS = ClientTLS()) {
        let multi = CurlMulti(limits: limits)
        self.limits = limits
        self.tls = tls
        inbox = ClientInbox(wake: { multi.wake() })
        ClientThread.start(inbox: inbox, multi: multi, limits: limits)
    }

    /// Transfers under way fail.
    deinit { inbox.close() }

    /// Sends a request and returns when the head of the answer is here. Throws `TransportError`, or
    /// `CancellationError` where the task was cancelled; and what the source of a streamed body throws.
    package func send(_ request: OutboundRequest) async throws -> OutboundAnswer {
        let id = lastID.add(1, ordering: .relaxed).newValue
        let transfer = Transfer(id: id, request: request, tls: tls, limits: limits, inbox: inbox)
        let body = TransferBody(transfer)
        inbox.send(.start(transfer))
        let head = try await (request.stream == nil ? transfer.head() : headOfStreamed(transfer))
        return OutboundAnswer(head: head, body: body)
    }

    /// Sends the body while it waits. An answer may come before all is sent, as a refusal does; nothing more is
    /// sent then. Throws what the body's source throws.
    private func headOfStreamed(_ transfer: Transfer) async throws -> OutboundHead {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await transfer.sendBody() }
            defer {
                transfer.feed?.stop()
                group.cancelAll()
            }
            do {
                return try await transfer.head()
            } catch {
                throw transfer.feed?.failure ?? error
            }
        }
    }
}
