// A network in one process: regions call each other's answers directly, unless the network refuses, loses,
// cuts or falsifies. All chance is of one generator, so a seed decides everything. Delays, order and
// duplication are the simulation's, which decides when a call is made and when its answer arrives.

internal import NIOCore
package import Replication
package import Storage
internal import Synchronization

package final class SimulatedNetwork: Sendable {
    struct State {
        var random: SplitMix
        var answers: [Int: RegionAnswers] = [:]
        var stores: [Int: any BlobStore] = [:]
        var down: Set<Int> = []
        /// Pairs that cannot reach each other, smaller number first.
        var partitioned: Set<[Int]> = []
        var lossPercent = 0
        /// A region that lies sends wrong bytes for so many of a hundred digests, always the same ones.
        var lyingPercent: [Int: UInt64] = [:]
        var lies = 0
    }

    private let state: Mutex<State>

    package init(seed: UInt64) { state = Mutex(State(random: SplitMix(seed: seed))) }

    package func attach(_ region: Int, answers: RegionAnswers, blobs: any BlobStore) {
        state.withLock { state in
            state.answers[region] = answers
            state.stores[region] = blobs
        }
    }

    package func setDown(_ region: Int, _ isDown: Bool) {
        state.withLock { state in
            if isDown { state.down.insert(region) } else { state.down.remove(region) }
        }
    }

    package func setPartitioned(_ one: Int, _ other: Int, _ isPartitioned: Bool) {
        state.withLock { state in
            let pair = [min(one, other), max(one, other)]
            if isPartitioned {
                state.partitioned.insert(pair)
            } else {
                state.partitioned.remove(pair)
            }
        }
    }

    package func setLoss(percent: Int) { state.withLock { $0.lossPercent = percent } }

    package func setLying(_ region: Int, percent: UInt64) {
        state.withLock { $0.lyingPercent[region] = percent }
    }

    /// How often wrong bytes were sent.
    package var lies: Int { state.withLock { $0.lies } }

    /// Everything works from now on, and everyone is honest.
    package func heal() {
        state.withLock { state in
            state.partitioned = []
            state.lossPercent = 0
            state.lyingPercent = [:]
        }
    }

    /// The region that a call goes to; throws what the network does instead.
    func route(from: Int, to: Int) throws -> (RegionAnswers, any BlobStore) {
        try state.withLock { state in
            let isReachable =
                !state.down.contains(to)
                && !state.partitioned.contains([min(from, to), max(from, to)])
            let isLost = Int(state.random.next() % 100) < state.lossPercent
            guard isReachable, !isLost, let answers = state.answers[to],
                let blobs = state.stores[to]
            else { throw TransportError(.unreachable, "the network is broken") }
            return (answers, blobs)
        }
    }

    /// The bytes as the region sends them: a liar's are wrong.
    func falsify(_ bytes: ByteBuffer, of blob: BlobID, from region: Int) -> ByteBuffer {
        state.withLock { state in
            guard blob.word3 % 100 < state.lyingPercent[region] ?? 0 else { return bytes }
            state.lies += 1
            guard let first: UInt8 = bytes.getInteger(at: bytes.readerIndex) else {
                return bytes
            }
            var wrong = bytes
            wrong.setInteger(first ^ 0x55, at: wrong.readerIndex)
            return wrong
        }
    }

    /// Where a body is cut off; `nil` for one that arrives whole.
    func cut(_ lengthBytes: Int) -> Int? {
        state.withLock { state in
            guard lengthBytes > 0, Int(state.random.next() % 100) < 2 * state.lossPercent else {
                return nil
            }
            return Int(state.random.next() % UInt64(lengthBytes))
        }
    }
}

/// One region's way to another.
package struct SimulatedTransport: RegionTransport {
    let from: Int
    let to: Int
    let network: SimulatedNetwork

    package init(from: Int, to: Int, network: SimulatedNetwork) {
        self.from = from
        self.to = to
        self.network = network
    }

    package func handshake(_ hello: Hello) async throws -> Hello {
        try await network.route(from: from, to: to).0.handshake(hello)
    }

    package func feed(
        after cursors: [RegionID: FeedPosition], seen: [RegionID: FeedPosition], wait: Duration
    ) async throws -> [FeedRange] {
        var ranges = try await network.route(from: from, to: to).0.feed(
            after: cursors, seen: seen, wait: wait, of: SimulatedRegion.id(from))
        for range in ranges.indices {
            for index in ranges[range].entries.indices { falsify(&ranges[range].entries[index]) }
        }
        return ranges
    }

    package func relay(of origin: RegionID, after: FeedPosition) async throws -> FeedRange {
        var range = try await network.route(from: from, to: to).0.relay(of: origin, after: after)
        for index in range.entries.indices { falsify(&range.entries[index]) }
        return range
    }

    package func entries(named names: [ObjectName]) async throws -> [EntryAnswer] {
        var answers = try await network.route(from: from, to: to).0.entries(named: names)
        for index in answers.indices {
            guard var entry = answers[index].entry else { continue }
            falsify(&entry)
            answers[index].entry = entry
        }
        return answers
    }

    package func entries(
        in bucket: String, after: ObjectKey?, limit: Int
    ) async throws -> [FeedEntry] {
        try await network.route(from: from, to: to).0.entries(
            in: bucket, after: after, limit: limit)
    }

    package func states(of blobs: [BlobID]) async throws -> [BlobState] {
        try await network.route(from: from, to: to).0.states(of: blobs)
    }

    package func read(_ blob: BlobID, range: Range<UInt64>) async throws -> any ByteSource {
        let store = try network.route(from: from, to: to).1
        let bytes: ByteBuffer
        do {
            let source = try await store.read(blob, range: range)
            var collected = ByteBuffer()
            while let segment = try await source.next() { try segment.append(to: &collected) }
            bytes = collected
        } catch let error as StorageError {
            throw TransportError(.notFound, error.message)
        }
        let sent = network.falsify(bytes, of: blob, from: to)
        return SimulatedBody(sent, cutAt: network.cut(sent.readableBytes))
    }

    private func falsify(_ entry: inout FeedEntry) {
        guard let bytes = entry.inlineBytes, let blob = entry.object.content?.blob else { return }
        entry.inlineBytes = network.falsify(bytes, of: blob, from: to)
    }
}

/// A body that arrives in pieces, and may be cut off.
private final class SimulatedBody: ByteSource {
    private static let pieceBytes = 7000

    private let rest: Mutex<ByteBuffer>
    private let isCut: Bool

    init(_ bytes: ByteBuffer, cutAt limit: Int?) {
        isCut = limit != nil
        rest = Mutex(
            bytes.getSlice(at: bytes.readerIndex, length: limit ?? bytes.readableBytes) ?? bytes)
    }

    func next() async throws -> ByteBuffer? {
        let piece = rest.withLock { rest in
            rest.readSlice(length: min(Self.pieceBytes, rest.readableBytes))
        }
        if let piece, piece.readableBytes > 0 { return piece }
        if isCut { throw TransportError(.unreachable, "the connection was cut") }
        return nil
    }
}
