// The event-loop side of a connection: bytes from and to the socket, back-pressure, deadlines. The other
// side is its `Conversation`, which asks for a head, a body part or room for more output and is woken by a
// continuation. Both run on the connection's event loop, so nothing here is locked.
//
// Reading goes on while fewer than `unreadBytes` wait to be taken, whether or not somebody waits: so a
// keep-alive connection never changes its registration with epoll, a client that goes away is noticed,
// and what a slow or hostile client can make the server hold is bounded.

internal import Glibc
internal import Logging
internal import NIOCore
internal import NIOPosix

final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = IOData

    /// What waiting for a head ends with.
    enum NextHead {
        case head(RequestHead)
        case refused(RequestRefusal)
        case ended
    }

    private enum Phase {
        case open
        /// The output is ended; what still arrives is counted and dropped.
        case lingering(droppedBytes: Int)
        case closed
    }

    let shared: LoopConnections
    private let onClose: () -> Void
    private(set) var context: ChannelHandlerContext?
    private var phase = Phase.open
    private var inbound: InboundMessages
    private var inputEnded = false

    private var headWaiter: CheckedContinuation<NextHead, Never>?
    private var bodyWaiter: CheckedContinuation<ByteBuffer?, any Error>?
    private var roomWaiter: CheckedContinuation<Bool, Never>?
    private var closeWaiter: CheckedContinuation<Void, Never>?

    private var readDeadline = NIODeadline.distantFuture
    private var writeDeadline = NIODeadline.distantFuture
    /// Unsent bytes when `writeDeadline` was set: fewer or more now means that the client took some.
    private var unsentAtDeadline = 0

    /// Whether a `100 Continue` is owed to the client before its body is read.
    private var owesContinue = false
    /// Grows by one when a request begins and when its response has been sent: who holds the number of a
    /// request may read its body.
    private(set) var requestNumber: UInt64 = 0
    /// The conversation's task, cancelled when the client is gone. Set and unset within that task.
    var task: UnsafeCurrentTask?

    /// One connection too many: it is told so and closed.
    private let isOverLimit: Bool

    init(shared: LoopConnections, isOverLimit: Bool, onClose: @escaping () -> Void) {
        self.shared = shared
        self.isOverLimit = isOverLimit
        self.onClose = onClose
        self.inbound = InboundMessages(limits: shared.limits)
    }

    // MARK: The channel's events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        shared.insert(self)
        if context.channel.isActive { context.read() }
    }

    func channelActive(context: ChannelHandlerContext) {
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        guard case .lingering(let droppedBytes) = phase else {
            inbound.append(buffer)
            return
        }
        let dropped = droppedBytes + buffer.readableBytes
        phase = .lingering(droppedBytes: dropped)
        if dropped > shared.limits.lingerBytes { context.close(promise: nil) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        satisfyWaiters()
        readMore()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed = event else {
            context.fireUserInboundEventTriggered(event)
            return
        }
        inputEnded = true
        if case .lingering = phase { context.close(promise: nil) }
        satisfyWaiters()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard context.channel.isWritable, let waiter = roomWaiter else { return }
        roomWaiter = nil
        writeDeadline = .distantFuture
        waiter.resume(returning: true)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        shared.logger.debug("connection failed", metadata: ["error": "\(error)"])
        context.close(promise: nil)
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

    // MARK: Reading

    private func readMore() {
        guard let context, !inputEnded else { return }
        if inbound.bufferedBytes < shared.limits.unreadBytes { context.read() }
    }

    private func satisfyWaiters() {
        if let waiter = headWaiter {
            if let next = pollHead() {
                headWaiter = nil
                readDeadline = .distantFuture
                waiter.resume(returning: next)
            } else if inbound.isInsideHead, !isHeadTimed {
                startHeadDeadline()
            }
        }
        if let waiter = bodyWaiter, let result = pollBody() {
            bodyWaiter = nil
            readDeadline = .distantFuture
            waiter.resume(with: result)
        }
    }

    /// Whether the deadline that runs is that of a head, rather than that of an idle connection.
    private var isHeadTimed = false

    private func startHeadDeadline() {
        isHeadTimed = true
        readDeadline = shared.deadline(in: shared.limits.headTimeout)
    }

    private func pollHead() -> NextHead? {
        do throws(RequestRefusal) {
            if let head = try inbound.nextHead(shared.names) { return .head(head) }
        } catch {
            return .refused(error)
        }
        if shared.isDraining, !inbound.isInsideHead { return .ended }
        return inputEnded ? .ended : nil
    }

    private func pollBody() -> Result<ByteBuffer?, any Error>? {
        do throws(RequestRefusal) {
            switch try inbound.nextBody() {
            case .bytes(let bytes): return .success(bytes)
            case .end: return .success(nil)
            case .needsMore: break
            }
        } catch {
            isBodyMalformed = true
            return .failure(RequestBodyError.malformed(error.reason))
        }
        return inputEnded ? .failure(RequestBodyError.connectionClosed) : nil
    }

    /// After that nothing that follows can be understood.
    private(set) var isBodyMalformed = false

    /// The next request's head. One caller at a time.
    func nextHead() async -> NextHead {
        if isOverLimit { return .refused(.tooManyConnections) }
        if let next = pollHead() { return next }
        readMore()
        if requestNumber == 0 || inbound.isInsideHead {
            startHeadDeadline()
        } else {
            isHeadTimed = false
            readDeadline = shared.deadline(in: shared.limits.keepAliveTimeout)
        }
        return await withCheckedContinuation { headWaiter = $0 }
    }

    func beginRequest(_ head: RequestHead) {
        requestNumber += 1
        owesContinue = head.expectsContinue
    }

    func endRequest() { requestNumber += 1 }

    /// For the reader of one request's body.
    func nextBody(of request: UInt64) async throws -> ByteBuffer? {
        guard request == requestNumber else { throw RequestBodyError.requestEnded }
        return try await nextBody()
    }

    /// The next part of the current request's body. One caller at a time.
    private func nextBody() async throws -> ByteBuffer? {
        precondition(bodyWaiter == nil, "a request body has one reader")
        if owesContinue {
            owesContinue = false
            if inbound.bufferedBytes == 0 { sendContinue() }
        }
        if let result = pollBody() {
            readMore()
            return try result.get()
        }
        readMore()
        readDeadline = shared.deadline(in: shared.limits.bodyIdleTimeout)
        return try await withCheckedThrowingContinuation { bodyWaiter = $0 }
    }

    private func sendContinue() {
        guard let context else { return }
        let line = ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n")
        context.writeAndFlush(wrapOutboundOut(.byteBuffer(line)), promise: nil)
    }

    /// Whether what is left of the body is small enough to be read and dropped.
    var canDiscardBody: Bool {
        guard !owesContinue, !isBodyMalformed, !inputEnded else { return inbound.isBodyEnded }
        guard let remaining = inbound.bodyRemainingBytes else { return true }
        return remaining <= UInt64(shared.limits.discardBytes)
    }

    /// Reads what is left of the body, up to the limit and for a limited time. Whether its end was reached.
    func discardBody() async -> Bool {
        guard !inbound.isBodyEnded else { return true }
        guard canDiscardBody else { return false }
        let deadline = shared.deadline(in: shared.limits.lingerTimeout)
        var left = shared.limits.discardBytes
        do {
            while let bytes = try await nextBody() {
                left -= bytes.readableBytes
                guard left >= 0, shared.now <= deadline else { return false }
            }
            return true
        } catch {
            // The response has been sent; the connection ends here and the reason is the client's own.
            return false
        }
    }

    // MARK: Writing

    func write(_ buffer: ByteBuffer) {
        context?.write(wrapOutboundOut(.byteBuffer(buffer)), promise: nil)
    }

    /// By `sendfile`. The descriptor is lent: it is taken back, and the lease let go of, when the last byte
    /// has been written or the connection is gone.
    func write(_ part: FileRegionPart) {
        guard let context, part.lengthBytes > 0 else { return }
        let handle = NIOFileHandle(_deprecatedTakingOwnershipOfDescriptor: part.descriptor)
        let start = Int(part.offsetBytes)
        let region = FileRegion(
            fileHandle: handle, readerIndex: start, endIndex: start + part.lengthBytes)
        let written = context.eventLoop.makePromise(of: Void.self)
        let lease = part.lease
        written.futureResult.whenComplete { _ in
            withExtendedLifetime(lease) {
                do {
                    _ = try handle.takeDescriptorOwnership()
                } catch {
                    preconditionFailure("a lent descriptor was closed or is in use: \(error)")
                }
            }
        }
        context.write(wrapOutboundOut(.fileRegion(region)), promise: written)
    }

    func flush() { context?.flush() }

    /// Waits until the socket has taken enough of what was written. `false` where the client is gone.
    func roomForMore() async -> Bool {
        guard let context, case .open = phase else { return false }
        guard !context.channel.isWritable else { return true }
        unsentAtDeadline = unsentBytes
        writeDeadline = shared.deadline(in: shared.limits.responseIdleTimeout)
        return await withCheckedContinuation { roomWaiter = $0 }
    }

    var isOpen: Bool { if case .open = phase { true } else { false } }

    private var unsentBytes: Int {
        guard let options = context?.channel.syncOptions else { return 0 }
        do {
            return try options.getOption(.bufferedWritableBytes)
        } catch {
            // The channel is closed: there is nothing to be sent any more.
            return 0
        }
    }

    // MARK: Ending

    /// Sends what was written, ends the output, drops a limited rest of what the client still sends, and
    /// returns when the connection is closed.
    func closeGently() async {
        guard let context, case .open = phase else { return }
        let isQuiet = inbound.isBodyEnded && inbound.bufferedBytes == 0 || inputEnded
        phase = .lingering(droppedBytes: inbound.bufferedBytes)
        inbound.discardAll()
        writeDeadline = shared.deadline(in: shared.limits.responseIdleTimeout)
        unsentAtDeadline = unsentBytes
        let outputEnded = context.eventLoop.makePromise(of: Void.self)
        context.close(mode: .output, promise: outputEnded)
        let loopBound = NIOLoopBound(self, eventLoop: context.eventLoop)
        outputEnded.futureResult.whenComplete { _ in loopBound.value.didEndOutput(isQuiet: isQuiet)
        }
        await closed()
    }

    private func didEndOutput(isQuiet: Bool) {
        guard let context else { return }
        writeDeadline = .distantFuture
        if isQuiet || inputEnded {
            context.close(promise: nil)
        } else {
            readDeadline = shared.deadline(in: shared.limits.lingerTimeout)
            readMore()
        }
    }

    /// Ends the connection at once, with a reset, so that the client cannot take a part for the whole.
    func cut() {
        guard let context else { return }
        if let options = context.channel as? any SocketOptionProvider, context.channel.isActive {
            // Its failure would leave the close without the reset, which the length still tells of.
            _ = options.setSoLinger(linger(l_onoff: 1, l_linger: 0))
        }
        context.close(promise: nil)
    }

    private func closed() async {
        if case .closed = phase { return }
        await withCheckedContinuation { closeWaiter = $0 }
    }

    func beginDrain() {
        satisfyWaiters()
    }

    /// Called at every tick.
    func checkDeadlines() {
        if readDeadline <= shared.now { readTimedOut() }
        if writeDeadline <= shared.now { writeTimedOut() }
    }

    private func readTimedOut() {
        readDeadline = .distantFuture
        if let waiter = headWaiter.take() {
            if hasUnsentProgress() {
                headWaiter = waiter
                readDeadline = shared.deadline(in: shared.limits.responseIdleTimeout)
            } else {
                waiter.resume(
                    returning: inbound.isInsideHead ? .refused(.headTimeout) : .ended)
            }
        }
        bodyWaiter.take()?.resume(throwing: RequestBodyError.timedOut)
        if case .lingering = phase { context?.close(promise: nil) }
    }

    private func writeTimedOut() {
        if hasUnsentProgress() {
            writeDeadline = shared.deadline(in: shared.limits.responseIdleTimeout)
            return
        }
        writeDeadline = .distantFuture
        shared.logger.info("a client stopped taking a response")
        cut()
    }

    /// Whether the client has taken bytes since this was last asked, and has not taken all.
    private func hasUnsentProgress() -> Bool {
        let unsent = unsentBytes
        defer { unsentAtDeadline = unsent }
        return unsent > 0 && unsent != unsentAtDeadline
    }
}
