// The event-loop side of a connection: what the socket brings and takes, and when either has taken too long.
// The other side is its `Conversation`, which asks for a head, a body part or room for more output and is
// woken by a continuation. Both run on the connection's event loop, so nothing here is locked. How bytes
// come in is in `ConnectionInput.swift`, how they go out in `ConnectionOutput.swift`.

internal import Logging
internal import NIOCore
internal import NIOTLS

final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = IOData

    enum Phase {
        case open
        /// The output is ended; what still arrives is counted and dropped.
        case lingering(droppedBytes: Int)
        case closed
    }

    let shared: LoopConnections
    /// Between this handler and the socket; `nil` where nothing is.
    private(set) var encryption: ConnectionEncryption?
    /// One connection too many: it is told so and closed.
    let isOverLimit: Bool
    private let onClose: () -> Void
    /// Begins a conversation over this connection, which has none.
    var converse: () -> Void = {}
    /// Nobody waits for a head: a conversation is begun when something comes.
    var isResting = true
    private(set) var context: ChannelHandlerContext?
    /// The conversation's task, cancelled when the client is gone. Set and unset within that task.
    var task: UnsafeCurrentTask?
    var phase = Phase.open

    // Input.
    var inbound: InboundMessages
    /// The client has ended its side, which alone does not mean that it is gone.
    var inputEnded = false
    /// After that nothing that follows can be understood.
    var isBodyMalformed = false
    /// Whether a `100 Continue` is owed to the client before its body is read.
    var owesContinue = false
    var receivesBody = false
    /// Grows by one when a request begins and when its response has been sent: who holds the number of a
    /// request may read its body.
    var requestNumber: UInt64 = 0
    var headWaiter: CheckedContinuation<NextHead, Never>?
    /// When a conversation that waits for a head is sent to rest.
    var restDeadline = NIODeadline.distantFuture
    var bodyWaiter: CheckedContinuation<ByteBuffer?, any Error>?
    var readDeadline = NIODeadline.distantFuture
    /// Whether the deadline that runs is that of a head, rather than that of an idle connection.
    var isHeadTimed = false

    // Output.
    var roomWaiter: CheckedContinuation<Bool, Never>?
    var closeWaiter: CheckedContinuation<Void, Never>?
    var isFlushScheduled = false
    var writeDeadline = NIODeadline.distantFuture
    /// Unsent bytes when `writeDeadline` was set: fewer or more now means that the client took some.
    var unsentAtDeadline = 0

    init(
        shared: LoopConnections, encryption: ConnectionEncryption? = nil, isOverLimit: Bool,
        onClose: @escaping () -> Void
    ) {
        self.shared = shared
        self.encryption = encryption
        self.isOverLimit = isOverLimit
        self.onClose = onClose
        self.inbound = InboundMessages(limits: shared.limits)
    }

    // MARK: The channel's events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        shared.insert(self)
        startHeadDeadline()
        if context.channel.isActive { context.read() }
    }

    func channelActive(context: ChannelHandlerContext) {
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received(unwrapInboundIn(data))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        satisfyWaiters()
        readMore()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed:
            inputEnded = true
            if case .lingering = phase { closeNow() }
            satisfyWaiters()
        case TLSUserEvent.handshakeCompleted: encryption?.establish()
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard context.channel.isWritable, let waiter = roomWaiter.take() else { return }
        writeDeadline = .distantFuture
        waiter.resume(returning: true)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // TLS misses the client's farewell also where it was the server that closed.
        guard context.channel.isActive, !ConnectionEncryption.isEndOfInput(error) else { return }
        if let encryption, !encryption.isEstablished {
            shared.logger.info(
                "a TLS handshake failed",
                metadata: [
                    "client": "\(ConnectionAcceptor.name(context.remoteAddress))",
                    "reason": "\(ConnectionEncryption.reason(error))",
                ])
        } else {
            shared.logger.debug("connection failed", metadata: ["error": "\(error)"])
        }
        closeNow()
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end()
        self.context = nil
    }

    private func end() {
        if case .closed = phase { return }
        phase = .closed
        isResting = false
        inputEnded = true
        shared.remove(self)
        onClose()
        inbound.discardAll()
        task?.cancel()
        headWaiter.take()?.resume(returning: .ended)
        bodyWaiter.take()?.resume(throwing: RequestBodyError.connectionClosed)
        roomWaiter.take()?.resume(returning: false)
        closeWaiter.take()?.resume()
    }

    // MARK: Deadlines

    /// Idle: closes. Otherwise the response that is under way will be the last.
    func beginDrain() {
        satisfyWaiters()
    }

    /// Called at every tick.
    func checkDeadlines() {
        if restDeadline <= shared.now { rest() }
        if readDeadline <= shared.now { readTimedOut() }
        if writeDeadline <= shared.now { writeTimedOut() }
    }

    private func readTimedOut() {
        readDeadline = .distantFuture
        if isResting { return endRest() }
        if headWaiter != nil {
            if takesOutput() {
                // Not idle: the end of the last response is still on its way.
                readDeadline = shared.deadline(in: shared.limits.responseIdleTimeout)
            } else {
                headWaiter.take()?.resume(
                    returning: inbound.isInsideHead ? .refused(.headTimeout) : .ended)
            }
        }
        bodyWaiter.take()?.resume(throwing: RequestBodyError.timedOut)
        if case .lingering = phase { closeNow() }
    }

    private func writeTimedOut() {
        if takesOutput() {
            writeDeadline = shared.deadline(in: shared.limits.responseIdleTimeout)
        } else {
            writeDeadline = .distantFuture
            shared.logger.info("a client stopped taking a response")
            cut()
        }
    }
}
