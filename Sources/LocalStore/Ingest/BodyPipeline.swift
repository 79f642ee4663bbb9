// A body on its way to the disk. Buffers become chunks; each chunk is appended and hashed on threads that
// may block: the append with its CRC-32C in one train, SHA-256 in another, and MD5 in a third beside them.
//
// Invariants:
//  - Each train sees the chunks in order, one at a time.
//  - A chunk's bytes are booked in the budget from when they came until every train is through with it.
//  - After the first failure no further chunk is written, and `drained` throws it.
//
// The state is changed under the lock by functions that say what to do; it is done after unlocking.

internal import Checksums
internal import ChunkFiles
internal import DiskIO
internal import NIOCore
internal import Storage
internal import Synchronization

final class BodyPipeline: Sendable {
    /// Every chunk goes through the first; through the others where they have something to do.
    private enum Train: Int, CaseIterable {
        case append = 0
        case hash = 1
        case md5 = 2
    }

    private struct Chunk: Sendable {
        var partial: PartialChunk
        var trainsLeft: Int
    }

    private struct State {
        var partial = PartialChunk()
        var totalBytes: UInt64 = 0
        /// Chunks that a train has yet to finish, by their number in the body.
        var running: [Int: Chunk] = [:]
        var chunks = 0
        /// The next chunk for each train, and whether a thread is at it.
        var nextOfTrain = Train.allCases.map { _ in 0 }
        var isTrainRunning = Train.allCases.map { _ in false }
        var references: [ChunkReference] = []
        var writers: [UInt64: ChunkWriter] = [:]
        /// Of the appender; from the first chunk on.
        var lane: Int?
        var failure: StorageError?
        var waiter: (continuation: CheckedContinuation<Void, Never>, chunksLeft: Int)?
        var isEnded = false
    }

    let main: HashTrain
    let md5: HashTrain
    private let trains: [Train]
    private let ingest: Ingest
    /// What is appended is sealed with it.
    private let key: SealKey?
    private let state = Mutex(State())

    init(plan: HashPlan, key: SealKey?, ingest: Ingest) {
        self.ingest = ingest
        self.key = key
        main = HashTrain(plan: plan)
        md5 = HashTrain(md5: plan.md5)
        trains = [.append] + (main.isEmpty ? [] : [.hash]) + (md5.isEmpty ? [] : [.md5])
    }

    deinit {
        if let lane = state.withLock({ $0.lane }) { ingest.appender.leave(lane) }
    }

    // MARK: What the body's one writer calls

    /// Takes the next bytes, and books them.
    func take(_ bytes: ByteBuffer) throws {
        var rest = bytes
        let trains: [Train] = try state.withLock { state in
            if let failure = state.failure { throw failure }
            ingest.budget.book(bytes.readableBytes)
            state.totalBytes += UInt64(bytes.readableBytes)
            var trains: [Train] = []
            while rest.readableBytes > 0 {
                state.partial.take(from: &rest, ingest.limits)
                if state.partial.lengthBytes == ingest.limits.chunkBytes {
                    trains += cut(&state)
                }
            }
            return trains
        }
        for train in trains { start(train) }
    }

    /// Waits until at most `chunksLeft` chunks are under way. Throws what failed.
    func drained(to chunksLeft: Int) async throws {
        await withCheckedContinuation { continuation in
            let isDrained = state.withLock { state in
                precondition(state.waiter == nil, "a body has one writer")
                if state.running.count <= chunksLeft { return true }
                state.waiter = (continuation, chunksLeft)
                return false
            }
            if isDrained { continuation.resume() }
        }
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }

    /// Ends the collecting: the whole body, where it is so small that it was never cut; `nil` where its
    /// last chunk is on its way. Nothing is spilled afterwards.
    func end() -> PartialChunk? {
        let (whole, trains): (PartialChunk?, [Train]) = state.withLock { state in
            state.isEnded = true
            let length = state.partial.lengthBytes
            if state.chunks == 0, length <= ingest.limits.inlineBytes {
                return (state.partial.cut(), [])
            }
            return (nil, length > 0 ? cut(&state) : [])
        }
        for train in trains { start(train) }
        return whole
    }

    /// Gives up what is being collected. What is under way ends by itself, and nothing refers to it.
    func abandon() {
        let bytes = state.withLock { state in
            state.isEnded = true
            return state.partial.cut().lengthBytes
        }
        ingest.budget.giveBack(bytes)
    }

    /// What was written. Only when all is drained.
    var written: (sizeBytes: UInt64, references: [ChunkReference], writers: [ChunkWriter]) {
        state.withLock { ($0.totalBytes, $0.references, Array($0.writers.values)) }
    }

    // MARK: The trains

    /// Makes a chunk of what was collected. Returns the trains to start.
    private func cut(_ state: inout State) -> [Train] {
        state.running[state.chunks] = Chunk(
            partial: state.partial.cut(), trainsLeft: trains.count)
        state.chunks += 1
        let idle = trains.filter { !state.isTrainRunning[$0.rawValue] }
        for train in idle { state.isTrainRunning[train.rawValue] = true }
        return idle
    }

    /// Takes the train's next chunks on a thread of the pool. The thread is given back after a chunk if anybody
    /// waits for one, so that a fast body never keeps it from them; else it goes on, since waking another
    /// costs a good part of what hashing a chunk does.
    private func start(_ train: Train) {
        ingest.pool.submit { [self] isRunning in
            repeat {
                guard let (number, pieces) = next(train) else { return }
                if isRunning {
                    pass(pieces, through: train)
                } else {
                    fail(BlockingPool.stopped)
                }
                finish(number)
            } while !ingest.pool.isAwaited
            start(train)
        }
    }

    /// The train's next chunk; `nil` ends the train's run.
    private func next(_ train: Train) -> (number: Int, pieces: [ByteBuffer])? {
        state.withLock { state in
            let number = state.nextOfTrain[train.rawValue]
            guard let chunk = state.running[number] else {
                state.isTrainRunning[train.rawValue] = false
                return nil
            }
            state.nextOfTrain[train.rawValue] += 1
            return (number, chunk.partial.pieces)
        }
    }

    private func pass(_ pieces: [ByteBuffer], through train: Train) {
        guard state.withLock({ $0.failure == nil }) else { return }
        switch train {
        case .append: append(pieces)
        case .hash: main.update(pieces)
        case .md5: md5.update(pieces)
        }
    }

    private func append(_ pieces: [ByteBuffer]) {
        let lane = state.withLock { state in
            let lane = state.lane ?? ingest.appender.enter()
            state.lane = lane
            return lane
        }
        do throws(StorageError) {
            try ingest.reserve.require()
            let appended = try onDisk("the body could not be written") { () throws(DiskError) in
                try ingest.append(pieces, sealedWith: key, lane: lane)
            }
            ingest.verified.note(ChunkPlace(appended.reference.id))
            state.withLock { state in
                state.references.append(appended.reference)
                state.writers[appended.writer.file] = appended.writer
            }
        } catch {
            fail(error)
        }
    }

    private func fail(_ failure: StorageError) {
        state.withLock { state in state.failure = state.failure ?? failure }
    }

    /// One train is through with the chunk.
    private func finish(_ number: Int) {
        typealias Waiter = CheckedContinuation<Void, Never>
        let (bytes, waiter): (Int, Waiter?) = state.withLock { state in
            state.running[number]?.trainsLeft -= 1
            guard let chunk = state.running[number], chunk.trainsLeft == 0 else { return (0, nil) }
            state.running[number] = nil
            guard let waiter = state.waiter, state.running.count <= waiter.chunksLeft else {
                return (chunk.partial.lengthBytes, nil)
            }
            state.waiter = nil
            return (chunk.partial.lengthBytes, waiter.continuation)
        }
        ingest.budget.giveBack(bytes)
        waiter?.resume()
    }
}

extension BodyPipeline: Spilling {
    var collectedBytes: Int { state.withLock { $0.isEnded ? 0 : $0.partial.lengthBytes } }

    func spill() -> Int {
        let (bytes, trains): (Int, [Train]) = state.withLock { state in
            let bytes = state.partial.lengthBytes
            guard !state.isEnded, bytes > 0 else { return (0, []) }
            return (bytes, cut(&state))
        }
        for train in trains { start(train) }
        return bytes
    }
}
