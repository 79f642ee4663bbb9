// How a connection's bytes go out, and how it ends.

internal import Glibc
internal import Logging
internal import NIOCore
internal import NIOPosix

extension ConnectionHandler {
    func write(_ buffer: ByteBuffer) {
        guard encryption == nil else { return writeEncrypted(buffer) }
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

    func flush() {
        isFlushScheduled = false
        context?.flush()
    }

    /// Sends what was written behind all that the loop has ready now: parts that are at hand go out together, and
    /// so do the answers to requests that came together. (Each answer wakes who waits for it, which on a busy machine
    /// takes the processor from the requests behind: measured, a fifth more 4 KiB GETs than by sending each at once.)
    func flushLater() {
        guard let context, !isFlushScheduled else { return }
        isFlushScheduled = true
        context.eventLoop.assumeIsolated().execute {
            if self.isFlushScheduled { self.flush() }
        }
    }

    /// Waits until the socket has taken enough of what was written. `false` where the client is gone.
    func roomForMore() async -> Bool {
        guard let context, case .open = phase else { return false }
        // Of what TLS has been given, only what it has encrypted counts as unsent.
        if encryption != nil { flush() }
        guard !context.channel.isWritable else { return true }
        flush()
        // The flush may have found out that the client is gone, and nobody would wake a waiter any more.
        guard isOpen else { return false }
        guard !context.channel.isWritable else { return true }
        unsentAtDeadline = unsentBytes
        writeDeadline = shared.deadline(in: shared.limits.responseIdleTimeout)
        return await withCheckedContinuation { roomWaiter = $0 }
    }

    var isOpen: Bool { if case .open = phase { true } else { false } }

    var unsentBytes: Int {
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
    /// - Parameter refused: what the client sends was not understood to its end; there may be more of it.
    func closeGently(refused: Bool = false) async {
        beginClosing(refused: refused)
        await closed()
    }

    /// As `closeGently`, without waiting.
    func beginClosing(refused: Bool = false) {
        guard let context, case .open = phase else { return }
        let isQuiet = !refused && inbound.isBodyEnded && inbound.bufferedBytes == 0
        phase = .lingering(droppedBytes: inbound.bufferedBytes)
        inbound.discardAll()
        writeDeadline = shared.deadline(in: shared.limits.responseIdleTimeout)
        unsentAtDeadline = unsentBytes
        let loopBound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let outputEnded = context.eventLoop.makePromise(of: Void.self)
        outputEnded.futureResult.whenComplete { _ in
            loopBound.value.didEndOutput(isQuiet: isQuiet)
        }
        endOutput(outputEnded)
    }

    private func endOutput(_ ended: EventLoopPromise<Void>) {
        guard let context else { return ended.succeed() }
        // Who has not finished the handshake can be told nothing.
        if let encryption, !encryption.isEstablished {
            encryption.closeSocket()
            return ended.succeed()
        }
        // Where the client has ended its side, NIO closes the socket instead, whatever waits to be sent: so that
        // goes first.
        let written = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(.byteBuffer(ByteBuffer())), promise: written)
        let loopBound = NIOLoopBound(self, eventLoop: context.eventLoop)
        written.futureResult.whenComplete { _ in
            guard let context = loopBound.value.context else { return ended.succeed() }
            context.close(mode: .output, promise: ended)
        }
    }

    private func didEndOutput(isQuiet: Bool) {
        writeDeadline = .distantFuture
        if isQuiet || inputEnded {
            closeNow()
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
        closeNow()
    }

    /// Ends the connection at once. What the socket has taken is still sent.
    func closeNow() {
        if let encryption { encryption.closeSocket() } else { context?.close(promise: nil) }
    }

    private func closed() async {
        if case .closed = phase { return }
        await withCheckedContinuation { closeWaiter = $0 }
    }

    /// Whether the client has taken bytes since this was last asked, and has not taken all.
    func takesOutput() -> Bool {
        let unsent = unsentBytes
        defer { unsentAtDeadline = unsent }
        return unsent > 0 && unsent != unsentAtDeadline
    }
}
