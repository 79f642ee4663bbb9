import NIOCore
import RegionClient
import Testing

@Suite("A transfer between libcurl's thread and its reader")
struct TransferStateTests {
    private static func receive(
        _ state: inout TransferState, _ count: Int
    ) -> TransferState.Reception {
        [UInt8](repeating: 1, count: count).withUnsafeBytes { state.receive($0) }
    }

    /// Reads what is there; the reader never has to wait here.
    private static func read(
        _ state: inout TransferState
    ) async throws -> (bytes: Int, resumes: Bool) {
        var result = (bytes: 0, resumes: false)
        _ = try await withCheckedThrowingContinuation {
            (waiter: CheckedContinuation<ByteBuffer?, any Error>) in
            if case .bytes(let bytes, let resumes) = state.waitForBytes(waiter) {
                result = (bytes.readableBytes, resumes)
            }
            waiter.resume(returning: nil)
        }
        return result
    }

    @Test("it pauses at its limit and goes on at half of it")
    func limit() async throws {
        var state = TransferState(limitBytes: 100, chunkBytes: 25)
        for _ in 0..<4 { #expect(Self.receive(&state, 25) == .taken) }
        #expect(Self.receive(&state, 1) == .pause)
        let first = try await Self.read(&state)
        #expect(first.bytes == 25 && !first.resumes)
        let second = try await Self.read(&state)
        #expect(second.bytes == 25 && second.resumes)
        let third = try await Self.read(&state)
        #expect(third.bytes == 25 && !third.resumes, "it is resumed once")
    }

    @Test("a stretch larger than the limit is taken when nothing else is held")
    func largeStretch() {
        var state = TransferState(limitBytes: 10, chunkBytes: 5)
        #expect(Self.receive(&state, 20) == .taken)
        #expect(Self.receive(&state, 1) == .pause)
    }

    @Test("after the reader is gone nothing is taken")
    func gone() {
        var state = TransferState(limitBytes: 10, chunkBytes: 5)
        #expect(state.isRunning)
        _ = state.cancel(CancellationError())
        #expect(!state.isRunning)
        #expect(Self.receive(&state, 1) == .refuse)
    }

    @Test("what came before a failure can be read, then the failure")
    func failure() async throws {
        var state = TransferState(limitBytes: 100, chunkBytes: 50)
        #expect(Self.receive(&state, 7) == .taken)
        _ = state.finish(.failure(CancellationError()))
        #expect(try await Self.read(&state).bytes == 7)
        var failed = false
        _ = try await withCheckedThrowingContinuation {
            (waiter: CheckedContinuation<ByteBuffer?, any Error>) in
            if case .failure = state.waitForBytes(waiter) { failed = true }
            waiter.resume(returning: nil)
        }
        #expect(failed)
    }
}
