import NIOCore
import Storage
import Testing

@Suite("What was recovered of a lost feed")
struct LostHistoryTests {
    private static func place(_ incarnation: UInt64, _ number: UInt64) -> FeedPosition {
        FeedPosition(incarnation: incarnation, number: number)
    }

    @Test("is written down for each region and each of its starts, and read again")
    func roundTrip() throws {
        let stretch = LostStretch(after: Self.place(1, 6), through: Self.place(1, 10))
        let shorter = LostStretch(after: stretch.after, through: Self.place(1, 8))
        let longer = LostStretch(after: stretch.after, through: Self.place(1, 11))
        let other = RegionRun(region: RegionID(7), incarnation: 3)
        var written = LostHistory()
        written.recover(stretch, from: other)
        let history = try LostHistory(decoding: try written.encode())
        #expect(history == written)
        #expect(history.isRecovered(stretch, from: other))
        #expect(history.isRecovered(shorter, from: other))
        #expect(!history.isRecovered(longer, from: other))
        for run in [(7, 4), (8, 3)] as [(UInt64, UInt64)] {
            let run = RegionRun(region: RegionID(run.0), incarnation: run.1)
            #expect(!history.isRecovered(stretch, from: run))
        }
    }

    @Test("of a document of the first format nothing counts; bytes that are none are damaged")
    func formats() throws {
        let first = """
            {"format":1,"recovered":[{"after":{"incarnation":1,"number":6},\
            "through":{"incarnation":1,"number":10}}]}
            """
        #expect(try LostHistory(decoding: ByteBuffer(string: first)) == LostHistory())
        #expect(throws: StorageError.self) {
            try LostHistory(decoding: ByteBuffer(string: "no document"))
        }
    }
}
