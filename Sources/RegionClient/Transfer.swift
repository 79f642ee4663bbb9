// One request on its way: what libcurl's thread and the reader share. All calls are safe from any thread;
// `TransferState` decides under the lock, waiters are resumed outside it.

internal import NIOCore
internal import Storage
internal import Synchronization

final class Transfer: Sendable {
    let id: UInt64
    let request: OutboundRequest
    /// Of a body that is streamed.
    let feed: BodyFeed?
    let tls: ClientTLS
    private let state: Mutex<TransferState>
    private let inbox: ClientInbox

    init(
        id: UInt64, request: OutboundRequest, tls: ClientTLS, limits: ClientLimits,
        inbox: ClientInbox
    ) {
        self.id = id
        self.request = request
        self.tls = tls
        self.inbox = inbox
        feed = request.stream.map { _ in BodyFeed() }
        state = Mutex(
            TransferState(limitBytes: limits.bufferedBytes, chunkBytes: limits.chunkBytes))
    }

    // MARK: libcurl's thread

    func headArrived(_ head: OutboundHead) {
        state.withLock { $0.headArrived(head) }?.resume(returning: head)
    }

    func receive(_ bytes: UnsafeRawBufferPointer) -> TransferState.Reception {
        state.withLock { $0.receive(bytes) }
    }

    func flush() {
        guard let (waiter, bytes) = state.withLock({ $0.flush() }) else { return }
        waiter.resume(returning: bytes)
    }

    func finish(_ result: Result<Void, any Error>) {
        feed?.stop()
        flush()
        let waiters = state.withLock { $0.finish(result) }
        switch result {
        case .success:
            precondition(waiters.head == nil, "a transfer ended well without a head")
            waiters.body?.resume(returning: nil)
        case .failure(let error):
            waiters.head?.resume(throwing: error)
            waiters.body?.resume(throwing: error)
        }
    }

    // MARK: the reader

    func head() async throws -> OutboundHead {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { waiter in
                if let head = state.withLock({ $0.waitForHead(waiter) }) {
                    waiter.resume(with: head)
                }
            }
        } onCancel: {
            cancel()
        }
    }

    func next() async throws -> ByteBuffer? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { waiter in
                switch state.withLock({ $0.waitForBytes(waiter) }) {
                case .bytes(let bytes, let resumesTransfer):
                    if resumesTransfer { inbox.send(.resume(id)) }
                    waiter.resume(returning: bytes)
                case .end: waiter.resume(returning: nil)
                case .failure(let error): waiter.resume(throwing: error)
                case .wait: break
                }
            }
        } onCancel: {
            cancel()
        }
    }

    /// Sends the body as it comes; returns when it is sent, or the transfer is over.
    func sendBody() async {
        guard let feed, let stream = request.stream else { return }
        await feed.feed(from: stream.source) { inbox.send(.resume(id)) }
    }

    /// Nobody reads on: the transfer is taken from libcurl, its connection closed.
    func cancel() {
        feed?.stop()
        let error = CancellationError()
        let (wasRunning, waiters) = state.withLock { ($0.isRunning, $0.cancel(error)) }
        waiters.head?.resume(throwing: error)
        waiters.body?.resume(throwing: error)
        if wasRunning { inbox.send(.cancel(id)) }
    }
}

/// The body of an answer. Letting go of it ends the transfer.
final class TransferBody: ByteSource {
    private let transfer: Transfer

    init(_ transfer: Transfer) { self.transfer = transfer }

    deinit { transfer.cancel() }

    func next() async throws -> ByteBuffer? { try await transfer.next() }
}
