import Glibc
import Testing

@testable import LocalStore

@Suite("The threads that may block")
struct BlockingPoolTests {
    private static func priority(_ pool: BlockingPool) async throws -> CInt {
        try await pool.run { getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0) }
    }

    @Test("a pool that gives way runs behind one that does not")
    func priority() async throws {
        let (usual, behind) = (BlockingPool(threads: 1), BlockingPool(threads: 1, givesWay: true))
        let before = try await Self.priority(usual)
        #expect(try await Self.priority(behind) >= max(before, 10))
        #expect(try await Self.priority(usual) == before)
        try await usual.stop()
        try await behind.stop()
    }
}
