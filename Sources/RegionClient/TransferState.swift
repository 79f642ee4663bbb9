// A transfer between libcurl's thread, which fills it, and one reader, which drains it: a value whose
// every transition says what is to be done. `Transfer` holds it under a lock and acts outside the lock.
//
//     head: nil ── head arrives ──▶ set                  end: nil ── done, failed or cancelled ──▶ set
//     filled: chunks behind each other, the last one growing; at most `limitBytes` in all, then paused

internal import DequeModule
package import NIOCore

package struct TransferState {
    package typealias HeadWaiter = CheckedContinuation<OutboundHead, any Error>
    package typealias BodyWaiter = CheckedContinuation<ByteBuffer?, any Error>

    /// What the thread does with bytes that libcurl offers.
    package enum Reception {
        case taken
        /// Not taken; offered again after the transfer goes on.
        case pause
        /// Nobody will read them.
        case refuse
    }

    /// What a reader gets.
    package enum Delivery {
        case bytes(ByteBuffer, resumesTransfer: Bool)
        case end
        case failure(any Error)
        /// The waiter was taken in.
        case wait
    }

    /// Who is to be resumed.
    package struct Waiters {
        package var head: HeadWaiter?
        package var body: BodyWaiter?
    }

    private let limitBytes: Int
    private let chunkBytes: Int
    private var head: OutboundHead?
    private var end: Result<Void, any Error>?
    private var chunks: Deque<ByteBuffer> = []
    private var growing = ByteBuffer()
    private var bufferedBytes = 0
    private var remainingBytes: UInt64?
    private var isPaused = false
    private var headWaiter: HeadWaiter?
    private var bodyWaiter: BodyWaiter?

    package init(limitBytes: Int, chunkBytes: Int) {
        self.limitBytes = limitBytes
        self.chunkBytes = chunkBytes
    }

    package var isRunning: Bool { end == nil }

    // MARK: libcurl's thread

    package mutating func headArrived(_ head: OutboundHead) -> HeadWaiter? {
        guard self.head == nil, end == nil else { return nil }
        self.head = head
        remainingBytes = head.contentLength
        defer { headWaiter = nil }
        return headWaiter
    }

    package mutating func receive(_ bytes: UnsafeRawBufferPointer) -> Reception {
        guard end == nil else { return .refuse }
        guard bufferedBytes + bytes.count <= limitBytes || bufferedBytes == 0 else {
            isPaused = true
            return .pause
        }
        if growing.capacity == 0 { growing = allocateChunk(atLeast: bytes.count) }
        growing.writeBytes(bytes)
        bufferedBytes += bytes.count
        remainingBytes = remainingBytes.map { $0 - min($0, UInt64(bytes.count)) }
        if growing.readableBytes >= chunkBytes { closeChunk() }
        return .taken
    }

    /// The waiting reader, and what it gets of what has arrived meanwhile.
    package mutating func flush() -> (waiter: BodyWaiter, bytes: ByteBuffer)? {
        guard let waiter = bodyWaiter, let bytes = takeChunk() else { return nil }
        bodyWaiter = nil
        return (waiter, bytes)
    }

    /// Ends the transfer; whatever was received before can still be read, unless the reader is gone.
    package mutating func finish(_ result: Result<Void, any Error>) -> Waiters {
        guard end == nil else { return Waiters() }
        end = result
        defer {
            headWaiter = nil
            bodyWaiter = nil
        }
        return Waiters(head: headWaiter, body: bodyWaiter)
    }

    // MARK: the reader

    /// Drops what was received: nobody reads on.
    package mutating func cancel(_ error: any Error) -> Waiters {
        chunks = []
        growing = ByteBuffer()
        bufferedBytes = 0
        return finish(.failure(error))
    }

    /// The head, or `nil` where the waiter was taken in.
    package mutating func waitForHead(_ waiter: HeadWaiter) -> Result<OutboundHead, any Error>? {
        if let head { return .success(head) }
        if case .failure(let error) = end { return .failure(error) }
        precondition(end == nil, "a transfer ended well without a head")
        precondition(headWaiter == nil, "two readers of one head")
        headWaiter = waiter
        return nil
    }

    package mutating func waitForBytes(_ waiter: BodyWaiter) -> Delivery {
        if let bytes = takeChunk() {
            let resumes = isPaused && bufferedBytes <= limitBytes / 2
            if resumes { isPaused = false }
            return .bytes(bytes, resumesTransfer: resumes)
        }
        switch end {
        case .success: return .end
        case .failure(let error): return .failure(error)
        case nil: break
        }
        precondition(bodyWaiter == nil, "two readers of one body")
        bodyWaiter = waiter
        return .wait
    }

    // MARK: chunks

    private mutating func takeChunk() -> ByteBuffer? {
        if chunks.isEmpty { closeChunk() }
        guard let chunk = chunks.popFirst() else { return nil }
        bufferedBytes -= chunk.readableBytes
        return chunk
    }

    private mutating func closeChunk() {
        guard growing.readableBytes > 0 else { return }
        chunks.append(growing)
        growing = ByteBuffer()
    }

    /// No larger than what is still to come, where that is known.
    private func allocateChunk(atLeast count: Int) -> ByteBuffer {
        let expected = Int(clamping: remainingBytes ?? UInt64(chunkBytes))
        let capacity = max(count, min(expected, chunkBytes))
        return ByteBufferAllocator().buffer(capacity: capacity)
    }
}
