// Mends damaged blobs from other regions: asks who has one, fetches it, and returns when verified bytes have
// taken the place of the bad ones. One fetch for each digest, shared by all who wait for it and bound to
// none of them: it goes on when the reader that asked first has gone.

package import Logging
package import Storage
internal import Synchronization

package final class MendBlobs: Sendable {
    private typealias Waiter = CheckedContinuation<Void, any Error>

    private struct State {
        var isStopped = false
        var lastWaiter: UInt64 = 0
        /// The blobs that are being mended, or queued to be, and who waits for each.
        var waiters: [BlobID: [UInt64: Waiter]] = [:]
        /// Waiters that were cancelled before they were registered.
        var cancelled: Set<UInt64> = []
        /// What failed lately, and when.
        var failures: [BlobID: (error: StorageError, at: ContinuousClock.Instant)] = [:]
    }

    private let peers: [ReplicationPeer]
    private let stores: ReplicationStores
    private let limits: ReplicationLimits
    private let logger: Logger
    private let state = Mutex(State())
    private let requests: AsyncStream<Request>
    private let requested: AsyncStream<Request>.Continuation

    private struct Request: Sendable {
        var blob: BlobID
        /// Of a blob that objects name and of which nothing is known here.
        var sizeBytes: UInt64?
    }

    /// What is asked for is done by `run`.
    package init(
        peers: [ReplicationPeer], stores: ReplicationStores,
        limits: ReplicationLimits = ReplicationLimits(), logger: Logger
    ) {
        self.peers = peers
        self.stores = stores
        self.limits = limits
        self.logger = logger
        (requests, requested) = AsyncStream.makeStream()
    }

    /// Returns when the blob is whole here. Throws `damaged`, naming the digest and what each region said,
    /// where none of them has it; `noSuchBlob` where nothing is known of it here, unless its size is given.
    package func mend(_ blob: BlobID, sizeBytes: UInt64? = nil) async throws {
        let id = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (waiter: Waiter) in
                register(id, waiter, for: Request(blob: blob, sizeBytes: sizeBytes))
            }
        } onCancel: {
            cancel(id, blob)
        }
    }

    /// Mends what is asked for until the task is cancelled; then returns. Run at most once.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            var running = 0
            for await request in requests {
                if running >= limits.mendings {
                    await group.next()
                    running -= 1
                }
                group.addTask { await self.perform(request) }
                running += 1
            }
            group.cancelAll()
        }
        stop()
    }

    // MARK: Waiting

    private func register(_ id: UInt64, _ waiter: Waiter, for request: Request) {
        let blob = request.blob
        let now = ContinuousClock.now
        let rest = limits.mendRest
        let (refusal, isFirst): ((any Error)?, Bool) = state.withLock { state in
            if state.cancelled.remove(id) != nil { return (CancellationError(), false) }
            if state.isStopped { return (Self.stopped, false) }
            if let failure = state.failures[blob], now < failure.at + rest {
                return (failure.error, false)
            }
            let isFirst = state.waiters[blob] == nil
            state.waiters[blob, default: [:]][id] = waiter
            return (nil, isFirst)
        }
        if let refusal { waiter.resume(throwing: refusal) }
        if isFirst { requested.yield(request) }
    }

    private func cancel(_ id: UInt64, _ blob: BlobID) {
        let waiter = state.withLock { state in
            guard let waiter = state.waiters[blob]?.removeValue(forKey: id) else {
                state.cancelled.insert(id)
                return nil as Waiter?
            }
            return waiter
        }
        waiter?.resume(throwing: CancellationError())
    }

    private func settle(_ blob: BlobID, _ result: Result<Void, StorageError>) {
        let now = ContinuousClock.now
        let waiters = state.withLock { state in
            if state.failures.count >= limits.mendFailures { state.failures = [:] }
            state.failures[blob] = nil
            if case .failure(let error) = result { state.failures[blob] = (error, now) }
            return state.waiters.removeValue(forKey: blob) ?? [:]
        }
        for waiter in waiters.values { waiter.resume(with: result.mapError { $0 as any Error }) }
    }

    private func stop() {
        let waiters = state.withLock { state in
            state.isStopped = true
            defer { state.waiters = [:] }
            return state.waiters.values.flatMap(\.values)
        }
        for waiter in waiters { waiter.resume(throwing: Self.stopped) }
    }

    private static let stopped = StorageError(.unavailable, "the region is stopping")

    // MARK: Mending

    private func perform(_ request: Request) async {
        let blob = request.blob
        do {
            try await fetch(request)
            settle(blob, .success(()))
        } catch let error as StorageError {
            settle(blob, .failure(error))
        } catch {
            settle(
                blob, .failure(StorageError(.damaged, "blob \(blob) is damaged", cause: error)))
        }
    }

    private func fetch(_ request: Request) async throws {
        let blob = request.blob
        let unknown = request.sizeBytes.map {
            BlobInfo(blob: blob, sizeBytes: $0, isDamaged: true)
        }
        guard let info = try await stores.blobs.stat(blob) ?? unknown else {
            throw StorageError(.noSuchBlob, "blob \(blob) is not here")
        }
        guard info.isDamaged else { return }
        var said: [String] = []
        var haveSome: [ReplicationPeer] = []
        for peer in peers {
            switch await fetch(info, from: peer) {
            case .whole: return noteMended(blob, by: peer.name)
            case .damaged:
                haveSome.append(peer)
                said.append("\(peer.name): it is damaged there")
            case .trouble(let trouble): said.append("\(peer.name): \(trouble)")
            }
        }
        if !haveSome.isEmpty {
            let names = haveSome.map(\.name).joined(separator: ", ")
            guard let trouble = await patch(info, from: haveSome) else {
                return noteMended(blob, by: names)
            }
            said.append("stretch by stretch: \(trouble)")
        }
        let tale = said.isEmpty ? "there is no other region to ask" : said.joined(separator: "; ")
        logger.error(
            "a damaged blob could not be mended",
            metadata: ["digest": "\(blob)", "reason": "\(tale)"])
        throw StorageError(.damaged, "blob \(blob) is damaged and could not be mended: \(tale)")
    }

    private func noteMended(_ blob: BlobID, by peers: String) {
        logger.notice(
            "a damaged blob was mended", metadata: ["digest": "\(blob)", "peer": "\(peers)"])
    }

    /// What came of asking one region.
    private enum Answer {
        case whole
        /// It has the blob, and some of it is damaged there too.
        case damaged
        case trouble(String)
    }

    /// Why the blob is not whole; `nil` where it is.
    private func patch(_ info: BlobInfo, from peers: [ReplicationPeer]) async -> String? {
        do {
            try await PatchBlob(blobs: stores.blobs, peers: peers)(info)
            return nil
        } catch {
            return (error as? StorageError)?.message ?? "\(error)"
        }
    }

    private func fetch(_ info: BlobInfo, from peer: ReplicationPeer) async -> Answer {
        do {
            let state = try await peer.transport.states(of: [info.blob]).first
            if state == .damaged { return .damaged }
            guard state == .have else {
                return .trouble("does not have it (\(state.map { "\($0)" } ?? "-"))")
            }
            try await FetchBlob(stores: stores, limits: limits)(
                info.blob, sizeBytes: info.sizeBytes, peer: peer.name, transport: peer.transport,
                progress: { _ in })
            let after = try await stores.blobs.stat(info.blob)
            return after?.isDamaged == false
                ? .whole : .trouble("its bytes came and are damaged again")
        } catch let failure as FetchFailure {
            if case .wrongBytes(let message, isSourceToBlame: true) = failure {
                ReplicationLog(logger: logger).write(
                    .refusedSource(peer: peer.name, info.blob, message: message))
            }
            return .trouble(failure.message)
        } catch {
            return .trouble("\(error)")
        }
    }
}
