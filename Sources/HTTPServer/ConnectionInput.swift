// How a connection's bytes come in.
//
// Reading goes on while fewer than `unreadBytes` wait to be taken, whether or not somebody waits: so a
// keep-alive connection never changes its registration with epoll, a client that goes away is noticed, and
// what a slow or hostile client can make the server hold is bounded. (When a client ends its side, NIO reads
// on to the end: at most what the system had in its socket buffer.)

internal import Logging
internal import NIOCore

/// What waiting for a head ends with.
enum NextHead {
    case head(RequestHead)
    case refused(RequestRefusal)
    case ended
    /// Nothing came for a while: the conversation ends, and the connection stays open without one.
    case rests
}

extension ConnectionHandler {
    func received(_ buffer: ByteBuffer) {
        guard case .lingering(let droppedBytes) = phase else {
            inbound.append(buffer)
            return
        }
        let dropped = droppedBytes + buffer.readableBytes
        phase = .lingering(droppedBytes: dropped)
        if dropped > shared.limits.lingerBytes { closeNow() }
    }

    func readMore() {
        guard let context, !inputEnded else { return }
        if inbound.bufferedBytes < shared.limits.unreadBytes { context.read() }
    }

    func satisfyWaiters() {
        if isResting, inbound.bufferedBytes > 0 { wake() }
        if isResting, inputEnded || shared.isDraining { endRest() }
        if headWaiter != nil {
            if let next = pollHead() {
                stopHeadDeadlines()
                headWaiter.take()?.resume(returning: next)
            } else if inbound.isInsideHead, !isHeadTimed {
                startHeadDeadline()
            }
        }
        if bodyWaiter != nil, let result = pollBody() {
            readDeadline = .distantFuture
            bodyWaiter.take()?.resume(with: result)
        }
    }

    // MARK: Heads

    /// The next request's head. One caller at a time.
    func nextHead() async -> NextHead {
        if isOverLimit { return .refused(.tooManyConnections) }
        if let next = pollHead() {
            stopHeadDeadlines()
            return next
        }
        readMore()
        // A read may find out that the client is gone, and nobody would wake a waiter any more.
        guard isOpen else { return .ended }
        if requestNumber == 0 || inbound.isInsideHead {
            // The first head's time runs from the connect, and may have run out before there was anyone to tell.
            if !isHeadTimed || readDeadline == .distantFuture { startHeadDeadline() }
        } else {
            readDeadline = shared.deadline(in: shared.limits.keepAliveTimeout)
            restDeadline = shared.deadline(in: shared.limits.restAfter)
        }
        return await withCheckedContinuation { headWaiter = $0 }
    }

    func startHeadDeadline() {
        isHeadTimed = true
        readDeadline = shared.deadline(in: shared.limits.headTimeout)
    }

    private func stopHeadDeadlines() {
        isHeadTimed = false
        readDeadline = .distantFuture
        restDeadline = .distantFuture
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

    // MARK: Resting
    //
    // What a task has needed of its stack for the deepest request stays with it for as long as it lives (measured:
    // 13 KiB). So a connection has one only while it is spoken on, and idle ones cost a third.

    /// Ends the conversation of a connection on which nothing comes; the deadline of the idle one runs on.
    func rest() {
        guard unsentBytes == 0 else {
            restDeadline = shared.deadline(in: shared.limits.restAfter)
            return
        }
        restDeadline = .distantFuture
        guard headWaiter != nil, !inbound.isInsideHead else { return }
        isResting = true
        headWaiter.take()?.resume(returning: .rests)
    }

    func wake() {
        isResting = false
        converse()
    }

    func endRest() {
        isResting = false
        beginClosing()
    }

    // MARK: Bodies

    func beginRequest(_ head: RequestHead) {
        requestNumber += 1
        owesContinue = head.expectsContinue
        guard !inbound.isBodyEnded else { return }
        let remaining = inbound.bodyRemainingBytes
        if remaining ?? .max > UInt64(inbound.bufferedBytes + ReceiveBuffers.headBytes) {
            receivesBody = true
            receive(into: .body(remainingBytes: remaining, limits: shared.limits))
        }
    }

    func endRequest() { requestNumber += 1 }

    private func receive(into buffers: ReceiveBuffers) {
        guard let context, context.channel.isActive else { return }
        do {
            try context.channel.syncOptions?.setOption(.recvAllocator, value: buffers)
        } catch {
            shared.logger.debug("cannot size receive buffers", metadata: ["error": "\(error)"])
        }
    }

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
        guard isOpen else { throw RequestBodyError.connectionClosed }
        readDeadline = shared.deadline(in: shared.limits.bodyIdleTimeout)
        return try await withCheckedThrowingContinuation { bodyWaiter = $0 }
    }

    private func pollBody() -> Result<ByteBuffer?, any Error>? {
        do throws(RequestRefusal) {
            switch try inbound.nextBody() {
            case .bytes(let bytes): return .success(bytes)
            case .end:
                if receivesBody {
                    receivesBody = false
                    receive(into: .heads)
                }
                return .success(nil)
            case .needsMore: break
            }
        } catch {
            isBodyMalformed = true
            return .failure(RequestBodyError.malformed(error.reason))
        }
        return inputEnded ? .failure(RequestBodyError.connectionClosed) : nil
    }

    private func sendContinue() {
        write(ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n"))
        flush()
    }

    /// Whether what is left of the body is small enough to be read and dropped.
    var canDiscardBody: Bool {
        guard !owesContinue, !isBodyMalformed, !inputEnded else { return inbound.isBodyEnded }
        guard let remaining = inbound.bodyRemainingBytes else { return true }
        return remaining <= UInt64(shared.limits.discardBytes)
    }

    /// Reads what is left of the body, up to the limit and for a limited time. Whether its end was reached.
    func discardBody() async -> Bool {
        if inbound.isBodyEnded, !receivesBody { return true }
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
}
