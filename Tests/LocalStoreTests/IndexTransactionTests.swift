import Journal
import MetadataIndex
import Storage
import Testing

@testable import LocalStore

@Suite("The changes of a group")
struct IndexTransactionTests {
    private static func transaction() -> IndexTransaction {
        let replay = ReplayPoint(generation: 1, file: 1, offsetBytes: 0, nextSequence: 1)
        return IndexTransaction(
            MemoryIndex(), head: IndexHead(region: RegionID(1), replay: replay))
    }

    /// But for the head.
    private static func changes(_ transaction: IndexTransaction) -> [IndexChange] {
        transaction.changes().dropLast()
    }

    @Test("changes are applied in the order in which their keys were first changed")
    func order() {
        var transaction = Self.transaction()
        for key in UInt8(0)..<100 { transaction.delete([key]) }
        #expect(Self.changes(transaction) == (0..<100).map { .delete(key: [$0]) })
    }

    @Test("the last change of a key counts, once, and look-ups see it")
    func last() throws {
        var transaction = Self.transaction()
        transaction.put([1], [10])
        transaction.put([2], [20])
        transaction.delete([1])
        #expect(try transaction.get([1]) == nil)
        transaction.put([1], [11])
        transaction.delete([2])
        #expect(try transaction.get([1]) == [11])
        #expect(try transaction.get([2]) == nil)
        #expect(
            Self.changes(transaction) == [.put(key: [1], value: [11]), .delete(key: [2])])
    }
}
