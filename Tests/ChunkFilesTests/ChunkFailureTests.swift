// What a failed write, a failed sync and a crash leave, and what scans and pins make of it.

import Checksums
import ChunkFiles
import DiskIO
import Foundation
import Simulation
import Testing

@Suite("Chunk files in trouble")
struct ChunkFailureTests {
    @Test("a failed write leaves a gap, and the next chunk goes to another file")
    func failedWrite() throws {
        let chunks = try ChunkFixture()
        let first = try chunks.append(payload(1000))
        chunks.disk.fail(call: chunks.disk.calls.count + 1, with: EIO)
        #expect(throws: DiskError.self) { try chunks.append(payload(1000, seed: 2)) }
        let next = try chunks.append(payload(1000, seed: 3))
        #expect(first.reference.id.file == 1)
        #expect(next.reference.id.file == 2)
        #expect(try chunks.read(first.reference) == payload(1000))
        #expect(try chunks.read(next.reference) == payload(1000, seed: 3))
    }

    @Test("where there was no room the file takes further chunks", arguments: [ENOSPC, EDQUOT])
    func noRoom(_ code: CInt) throws {
        let chunks = try ChunkFixture()
        _ = try chunks.append(payload(1000))
        chunks.disk.fail(call: chunks.disk.calls.count + 1, with: code)
        #expect(throws: DiskError.self) { try chunks.append(payload(1000, seed: 2)) }
        #expect(try chunks.append(payload(1000, seed: 3)).reference.id.file == 1)
    }

    @Test("a full disk leaves a gap that a scan steps over")
    func fullDisk() throws {
        let chunks = try ChunkFixture()
        let first = try chunks.append(payload(1000)).reference
        chunks.disk.availableBytes = 0
        let error = #expect(throws: DiskError.self) { try chunks.append(payload(5000)) }
        #expect(error?.code == ENOSPC)
        chunks.disk.availableBytes = 1 << 30
        let next = try chunks.append(payload(500, seed: 3)).reference
        #expect(next.id.file == 1)
        // The failed write had an intact header and half of its payload.
        let gap = try #require(try chunks.scan(1).dropFirst().first)
        guard case .chunk(let torn, isIntact: false) = gap else {
            Issue.record("\(gap)")
            return
        }
        #expect(torn.lengthBytes == 5000)
        #expect(
            try chunks.scan(1)
                == [.chunk(first, isIntact: true), gap, .chunk(next, isIntact: true)])
    }

    @Test(
        "a file that could not be begun is not left behind",
        arguments: [SimulatedDisk.Operation.write, .sync, .syncDirectory])
    func failedBeginning(_ operation: SimulatedDisk.Operation) throws {
        let chunks = try ChunkFixture()
        chunks.disk.fail(every: operation, with: ENOSPC)
        #expect(throws: DiskError.self) { try chunks.append(payload(100)) }
        #expect(try chunks.reader.files() == [])
        chunks.disk.fail(every: operation, with: nil)
        #expect(try chunks.append(payload(100)).reference.id.file == 2)
    }

    @Test("after a failed sync a file never says again that it is durable")
    func failedSync() throws {
        let chunks = try ChunkFixture()
        let appended = try chunks.append(payload(100))
        chunks.disk.fail(call: chunks.disk.calls.count + 1, with: EIO)
        #expect(throws: DiskError.self) { try appended.writer.sync() }
        #expect(throws: DiskError.self) { try appended.writer.sync() }
        #expect(appended.writer.isSealed)
        #expect(try chunks.append(payload(100)).reference.id.file == 2)
    }

    @Test(
        "a scan finds every record, and steps over what is none",
        arguments: [0, 1, 64, 65, 700, 5000])
    func scans(_ hole: Int) throws {
        let chunks = try ChunkFixture()
        let first = try chunks.append(payload(777)).reference
        let lost = try chunks.append(payload(max(1, hole))).reference
        let last = try chunks.append(payload(333)).reference
        #expect(
            try chunks.scan(1)
                == [
                    .chunk(first, isIntact: true), .chunk(lost, isIntact: true),
                    .chunk(last, isIntact: true),
                ])
        chunks.disk.flip("/chunks/0000000000000001.chunk", at: lost.id.offsetBytes + 5)
        #expect(
            try chunks.scan(1)
                == [
                    .chunk(first, isIntact: true),
                    .gap(lost.id.offsetBytes..<last.id.offsetBytes),
                    .chunk(last, isIntact: true),
                ])
        chunks.disk.flip("/chunks/0000000000000001.chunk", at: last.id.offsetBytes + 64)
        #expect(try chunks.scan(1).last == .chunk(last, isIntact: false))
    }

    @Test(
        "a scan after a crash says of no record that it is intact unless it is", arguments: 1...20)
    func scansAfterCrash(_ seed: UInt64) throws {
        let chunks = try ChunkFixture()
        var appended: [ChunkReference: [UInt8]] = [:]
        var durable: Set<ChunkReference> = []
        for index in 0..<12 {
            let bytes = payload(200 + index * 397, seed: UInt8(index))
            let chunk = try chunks.append(bytes)
            appended[chunk.reference] = bytes
            if index % 5 == 4 {
                try chunk.writer.sync()
                durable = Set(appended.keys)
            }
        }
        chunks.disk.crash(.random(seed: seed))
        chunks.disk.restart()
        let again = try ChunkFixture(chunks.disk, firstFile: 2)
        var intact: Set<ChunkReference> = []
        for case .chunk(let reference, isIntact: true) in try again.scan(1) {
            intact.insert(reference)
            #expect(try again.read(reference) == appended[reference])
        }
        #expect(intact.isSuperset(of: durable))
    }

    @Test("what a read pins is pinned until the read lets go of it")
    func pins() {
        let pins = ChunkPins()
        let chunks: [(place: ChunkPlace, lengthBytes: UInt32)] = [
            (ChunkPlace(file: 1, offsetBytes: 64), 100),
            (ChunkPlace(file: 1, offsetBytes: 256), 100),
            (ChunkPlace(file: 2, offsetBytes: 64), 100),
        ]
        var first: ChunkLease? = pins.pin(chunks)
        var second: ChunkLease? = pins.pin(chunks)
        #expect(pins.isPinned(64..<65, of: 1))
        #expect(pins.isPinned(447..<1000, of: 1))
        #expect(!pins.isPinned(448..<1000, of: 1))
        #expect(!pins.isPinned(0..<64, of: 1))
        #expect(pins.isPinned(0..<1000, of: 2))
        withExtendedLifetime((first, second)) {}
        first = nil
        #expect(pins.isPinned(64..<65, of: 1))
        second = nil
        #expect(!pins.isPinned(0..<1000, of: 1))
        #expect(!pins.isPinned(0..<1000, of: 2))
    }
}
