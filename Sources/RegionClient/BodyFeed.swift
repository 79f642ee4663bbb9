// The body of a request between its source, which a task pulls, and libcurl's thread, which sends it: one piece
// at a time. What is not sent yet is not asked for; what is not there yet pauses the transfer.

internal import NIOCore
internal import Storage
internal import Synchronization

final class BodyFeed: Sendable {
    /// What libcurl gets when it can send.
    enum Taking {
        case bytes(Int)
        /// Asked for again after the transfer goes on.
        case pause
        case end
        /// The source failed.
        case abort
    }

    private enum End {
        case whole
        case failed(any Error)
        /// The transfer is over: nobody sends any more.
        case stopped
    }

    private struct State {
        var piece = ByteBuffer()
        var end: End?
        var isPaused = false
        /// Waits for the piece to be taken.
        var feeder: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    // MARK: libcurl's thread

    func take(into space: UnsafeMutableRawBufferPointer) -> Taking {
        let (taking, feeder) = state.withLock {
            state -> (Taking, CheckedContinuation<Void, Never>?) in
            let count = min(space.count, state.piece.readableBytes)
            guard count > 0 else { return (Self.taking(&state), nil) }
            state.piece.readWithUnsafeReadableBytes { bytes in
                space.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
                return count
            }
            return (.bytes(count), state.piece.readableBytes == 0 ? state.feeder.take() : nil)
        }
        feeder?.resume()
        return taking
    }

    private static func taking(_ state: inout State) -> Taking {
        switch state.end {
        case .whole: return .end
        case .failed, .stopped: return .abort
        case nil:
            state.isPaused = true
            return .pause
        }
    }

    // MARK: the source's task

    /// Feeds the source to its end, or until the transfer is over. `resume` makes a paused transfer go on.
    func feed(from source: any ByteSource, resume: @Sendable () -> Void) async {
        do {
            while let piece = try await source.next() {
                guard await offer(piece, resume) else { return }
            }
            end(.whole, resume)
        } catch {
            end(.failed(error), resume)
        }
    }

    /// Why the source failed, where it did.
    var failure: (any Error)? {
        state.withLock { state in
            if case .failed(let error) = state.end { error } else { nil }
        }
    }

    /// The transfer is over, however it ended.
    func stop() {
        state.withLock { state in
            if state.end == nil { state.end = .stopped }
            return state.feeder.take()
        }?.resume()
    }

    /// Returns when the piece was taken; false where nobody will.
    private func offer(_ piece: ByteBuffer, _ resume: @Sendable () -> Void) async -> Bool {
        await withCheckedContinuation { (feeder: CheckedContinuation<Void, Never>) in
            let (isOver, wasPaused) = state.withLock { state in
                guard state.end == nil, piece.readableBytes > 0 else { return (true, false) }
                state.piece = piece
                state.feeder = feeder
                defer { state.isPaused = false }
                return (false, state.isPaused)
            }
            if wasPaused { resume() }
            if isOver { feeder.resume() }
        }
        return state.withLock { $0.end == nil }
    }

    private func end(_ end: End, _ resume: @Sendable () -> Void) {
        let wasPaused = state.withLock { state in
            if state.end == nil { state.end = end }
            defer { state.isPaused = false }
            return state.isPaused
        }
        if wasPaused { resume() }
    }
}
