// Appending and reading back, in order and in trouble.

import Checksums
import ChunkFiles
import DiskIO
import Foundation
import Glibc
import Simulation
import Testing

/// Chunk files on a simulated disk.
struct ChunkFixture {
    let disk: SimulatedDisk
    let appender: ChunkAppender
    let reader: ChunkReader

    init(
        _ disk: SimulatedDisk = SimulatedDisk(), firstFile: UInt64 = 1,
        limits: ChunkLimits = ChunkLimits()
    ) throws {
        self.disk = disk
        try disk.makeDirectory("/chunks")
        appender = ChunkAppender(
            disk: disk, directories: ["/chunks"], storeID: 1, firstFile: firstFile, limits: limits)
        reader = ChunkReader(disk: disk, directories: ["/chunks"], storeID: 1, limits: limits)
    }

    func append(_ payload: [UInt8], lane: Int = 0) throws -> AppendedChunk {
        try payload.withUnsafeBytes { bytes in
            try appender.append([bytes], crc32c: CRC32C.checksum(bytes), lane: lane)
        }
    }

    func read(_ reference: ChunkReference) throws -> [UInt8] {
        let place = ChunkPlace(reference.id)
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: 64 + Int(reference.lengthBytes), alignment: 8)
        defer { buffer.deallocate() }
        return Array(try reader.read(reference, at: place, into: buffer).bytes)
    }

    func scan(_ file: UInt64) throws -> [ScannedStretch] {
        let scan = try ChunkScan(file, reader: reader)
        var result: [ScannedStretch] = []
        while let stretch = try scan.next() { result.append(stretch) }
        return result
    }
}

@Suite("Chunk files")
struct ChunkStoreTests {
    @Test("chunks are read back as they were appended", arguments: [1, 63, 64, 65, 1000, 1 << 20])
    func readsBack(_ count: Int) throws {
        let chunks = try ChunkFixture()
        let first = try chunks.append(payload(count))
        let second = try chunks.append(payload(count, seed: 2))
        #expect(try chunks.read(first.reference) == payload(count))
        #expect(try chunks.read(second.reference) == payload(count, seed: 2))
        #expect(second.reference.id.offsetBytes % 64 == 0)
        #expect(first.reference.id.file == second.reference.id.file)
    }

    @Test("a scan sees what the disk has, whatever is in memory, and leaves that as it was")
    func scansTheDisk() throws {
        let chunks = try ChunkFixture()
        // More than one window, and no record at a multiple of a page.
        let appended = try (0..<12).map { try chunks.append(payload((1 << 20) - $0)) }
        let references = appended.map(\.reference)
        for chunk in appended { try chunk.writer.sync() }
        chunks.disk.evictAll()
        _ = try chunks.read(references[3])
        let path = "/chunks/" + ChunkFormat.name(of: 1)
        chunks.disk.flip(path, at: references[3].id.offsetBytes + 100, onlyOnDisk: true)
        let intact = try chunks.scan(1).map { stretch in
            guard case .chunk(_, let isIntact) = stretch else { return false }
            return isIntact
        }
        #expect(intact.indices.filter { !intact[$0] } == [3])
        #expect(intact.count == references.count)
        let file = try chunks.reader.file(1)
        for (index, reference) in references.enumerated() {
            let payload = ChunkReader.payload(of: reference, at: ChunkPlace(reference.id))
            #expect(file.isResident(payload) == (index == 3))
        }
    }

    @Test("a chunk gathered from many buffers is one payload")
    func gathers() throws {
        let chunks = try ChunkFixture()
        let bytes = payload(10_000)
        let appended = try bytes.withUnsafeBytes { whole in
            let pieces = stride(from: 0, to: 10_000, by: 100).map {
                UnsafeRawBufferPointer(rebasing: whole[$0..<$0 + 100])
            }
            return try chunks.appender.append(pieces, crc32c: CRC32C.checksum(whole), lane: 0)
        }
        #expect(try chunks.read(appended.reference) == bytes)
    }

    @Test("a full file is followed by the next, and lanes have files of their own")
    func rollsOver() throws {
        let chunks = try ChunkFixture(limits: ChunkLimits(fileBytes: 10_000))
        let files = try (0..<6).map { _ in try chunks.append(payload(4000)).reference.id.file }
        #expect(files == [1, 1, 1, 2, 2, 2])
        #expect(try chunks.append(payload(10), lane: 1).reference.id.file == 3)
        #expect(try chunks.reader.files() == [1, 2, 3])
        #expect(chunks.appender.isHeld(3))
    }

    @Test(
        "a file is held while it is written, and while a body that is not committed has chunks in it"
    )
    func holds() throws {
        let chunks = try ChunkFixture(limits: ChunkLimits(fileBytes: 10_000))
        var body: AppendedChunk? = try chunks.append(payload(4000))
        chunks.appender.seal([2])
        #expect(chunks.appender.isHeld(1), "it takes more chunks")
        chunks.appender.seal([1])
        #expect(body?.reference.id.file == 1)
        #expect(chunks.appender.isHeld(1), "a body has a chunk in it")
        body = nil
        #expect(!chunks.appender.isHeld(1))
        #expect(try chunks.append(payload(4000)).reference.id.file == 2)
        #expect(chunks.appender.isHeld(2))
    }

    @Test("a file that is full and one that could not be made are let go of")
    func lettingGo() throws {
        let chunks = try ChunkFixture(limits: ChunkLimits(fileBytes: 10_000))
        for _ in 0..<3 { _ = try chunks.append(payload(4000)) }
        #expect(chunks.appender.isHeld(1), "its lane still has it")
        chunks.appender.seal([])
        #expect(!chunks.appender.isHeld(1))
        chunks.disk.fail(every: .syncDirectory, with: EIO)
        #expect(throws: DiskError.self) { try chunks.append(payload(10)) }
        #expect(!chunks.appender.isHeld(2))
    }

    @Test("bodies are spread over the lanes")
    func lanes() throws {
        let chunks = try ChunkFixture(limits: ChunkLimits(lanes: 2))
        let first = chunks.appender.enter()
        let second = chunks.appender.enter()
        #expect(first != second)
        chunks.appender.leave(first)
        #expect(chunks.appender.enter() == first)
    }

    @Test("the name and the header of a file are durable before its first chunk is")
    func nameIsDurable() throws {
        let chunks = try ChunkFixture()
        let appended = try chunks.append(payload(100))
        try appended.writer.sync()
        chunks.disk.crash(.everything)
        chunks.disk.restart()
        let again = try ChunkFixture(chunks.disk, firstFile: 2)
        #expect(try again.read(appended.reference) == payload(100))
    }

    @Test("a flip of any byte of a record is seen", arguments: [0, 4, 8, 16, 40, 63, 64, 100, 163])
    func damage(_ offset: UInt64) throws {
        let chunks = try ChunkFixture()
        let appended = try chunks.append(payload(100))
        chunks.disk.flip("/chunks/0000000000000001.chunk", at: 64 + offset)
        let error = #expect(throws: ChunkFileError.self) { try chunks.read(appended.reference) }
        guard case .damaged(let place, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(place == ChunkPlace(file: 1, offsetBytes: 64))
    }

    @Test("a reference to another chunk is not answered with that one")
    func anotherChunk() throws {
        let chunks = try ChunkFixture()
        let appended = try chunks.append(payload(100)).reference
        let wrong = ChunkReference(id: appended.id, lengthBytes: 100, crc32c: appended.crc32c ^ 1)
        #expect(throws: ChunkFileError.self) { try chunks.read(wrong) }
        let shorter = ChunkReference(id: appended.id, lengthBytes: 99, crc32c: appended.crc32c)
        #expect(throws: ChunkFileError.self) { try chunks.read(shorter) }
    }

    @Test("a file that is gone is missing, one of another store is refused")
    func missingAndForeign() throws {
        let chunks = try ChunkFixture()
        let appended = try chunks.append(payload(100)).reference
        let foreign = ChunkReader(disk: chunks.disk, directories: ["/chunks"], storeID: 2)
        let refused = #expect(throws: ChunkFileError.self) { try foreign.file(1) }
        #expect(refused == .refused(file: 1, reason: "it belongs elsewhere"))
        try chunks.disk.remove("/chunks/0000000000000001.chunk")
        #expect(throws: ChunkFileError.missing(file: 1)) { try chunks.read(appended) }
    }

    @Test("a file is found in whichever directory has it")
    func directories() throws {
        let chunks = try ChunkFixture()
        let appended = try chunks.append(payload(100)).reference
        try chunks.disk.makeDirectory("/second")
        try chunks.disk.rename(
            "/chunks/0000000000000001.chunk", to: "/second/0000000000000001.chunk")
        let both = ChunkReader(disk: chunks.disk, directories: ["/chunks", "/second"], storeID: 1)
        #expect(try both.files() == [1])
        _ = try both.file(appended.id.file)
    }

    @Test("the table of open files is bounded, and who holds a file goes on reading")
    func openFiles() throws {
        let chunks = try ChunkFixture(limits: ChunkLimits(fileBytes: 100, openFiles: 2))
        let references = try (0..<5).map { _ in try chunks.append(payload(50)).reference }
        let first = try chunks.reader.file(1)
        for reference in references { #expect(try chunks.read(reference) == payload(50)) }
        #expect(references.filter { chunks.reader.openFile($0.id.file) != nil }.count == 2)
        #expect(chunks.reader.openFile(1) == nil)
        #expect(try first.sizeBytes() > 64)
    }
}
