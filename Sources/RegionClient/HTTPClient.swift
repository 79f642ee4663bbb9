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
    /// `CancellationError` where the task was cancelled.
    package func send(_ request: OutboundRequest) async throws -> OutboundAnswer {
        let id = lastID.add(1, ordering: .relaxed).newValue
        let transfer = Transfer(id: id, request: request, tls: tls, limits: limits, inbox: inbox)
        let body = TransferBody(transfer)
        inbox.send(.start(transfer))
        let head = try await transfer.head()
        return OutboundAnswer(head: head, body: body)
    }
}
