// Bodies going out: ranges, damage, what is checked when, and what is pinned.

import ChunkFiles
import DiskIO
import Foundation
import LocalStore
import NIOCore
import Simulation
import Storage
import Synchronization
import Testing

@Suite("Reads of stored bodies")
struct ChunkReadTests {
    private static let limits = IngestLimits(inlineBytes: 10, chunkBytes: 1000)

    @Test(
        "any range is what it says",
        arguments: [0..<4500, 0..<1, 999..<1001, 1000..<2000, 1500..<4500, 4499..<4500, 0..<0]
            as [Range<UInt64>],
        [0, 1 << 20])
    func ranges(_ range: Range<UInt64>, _ collectedBytes: Int) async throws {
        let bodies = try BodyFixture(
            ingest: Self.limits, reads: ReadLimits(collectedBytes: collectedBytes))
        let bytes = bodyBytes(4500)
        let form = try bodies.form(try await bodies.stage(bytes))
        #expect(bodies.chunks(form).count == 5)
        let read = try await bodies.read(form, range)
        #expect(read == Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)]))
    }

    @Test("a small read is one buffer, a large one goes out chunk by chunk from the file")
    func segments() async throws {
        let directory = try TemporaryDirectory()
        let bodies = try BodyFixture(disk: PosixDisk(), directory: directory.path)
        let bytes = bodyBytes(2_500_000)
        let form = try bodies.form(try await bodies.stage(bytes))
        let small = bodies.source(form, 1_000_000..<1_060_000)
        guard case .bytes(let buffer) = try await small.next() else {
            Issue.record("a small read comes as bytes")
            return
        }
        #expect(Array(buffer.readableBytesView) == Array(bytes[1_000_000..<1_060_000]))
        #expect(try await small.next() == nil)
        let large = bodies.source(form)
        var lengths: [Int] = []
        while let segment = try await large.next() {
            guard case .file(let file) = segment else {
                Issue.record("a large read comes from the file")
                return
            }
            lengths.append(file.lengthBytes)
        }
        #expect(lengths == [1 << 20, 1 << 20, 2_500_000 - (2 << 20)])
        #expect(try await bodies.read(form) == bytes)
    }

    @Test(
        "a body that is not in memory is read and checked, and comes back as it was",
        arguments: [0, 1 << 16])
    func cold(_ collectedBytes: Int) async throws {
        let directory = try TemporaryDirectory()
        let disk = PosixDisk()
        let bodies = try BodyFixture(
            disk: disk, directory: directory.path,
            reads: ReadLimits(collectedBytes: collectedBytes))
        let bytes = bodyBytes(3_300_000)
        let form = try bodies.form(try await bodies.stage(bytes))
        for name in try disk.list(directory.path) {
            let file = try disk.open(directory.path + "/" + name, .readWrite)
            file.evict(0..<(try file.sizeBytes()))
        }
        #expect(
            try await bodies.read(form, 2_000_000..<2_010_000)
                == Array(bytes[2_000_000..<2_010_000]))
        #expect(try await bodies.read(form) == bytes)
    }

    @Test("a damaged chunk is reported and none of it is handed out", arguments: [0, 1 << 20])
    func damage(_ collectedBytes: Int) async throws {
        let disk = SimulatedDisk()
        let bodies = try BodyFixture(
            disk: disk, ingest: Self.limits,
            reads: ReadLimits(verifyInterval: .zero, collectedBytes: collectedBytes))
        let bytes = bodyBytes(4500)
        let staged = try await bodies.stage(bytes)
        let form = try bodies.form(staged)
        let third = bodies.chunks(form)[2]
        disk.flip("/chunks/" + ChunkFormat.name(of: 1), at: third.id.offsetBytes + 64 + 500)
        let source = bodies.source(form, blob: staged.blob)
        var received = ByteBuffer()
        let error = await #expect(throws: StorageError.self) {
            while let segment = try await source.next() { try segment.append(to: &received) }
        }
        #expect(error?.code == .damaged)
        let name = try #require(staged.blob).description
        #expect(error?.message.contains(name) == true)
        #expect(bytes.starts(with: received.readableBytesView))
        #expect(received.readableBytes <= 2000)
        let damage = bodies.observations.damage.withLock { $0 }
        #expect(damage.first?.blob == staged.blob)
        #expect(damage.first?.chunk.reference == third)
        // What the damaged chunk is no part of is still served.
        #expect(try await bodies.read(form, 3000..<4500) == Array(bytes[3000...]))
    }

    @Test("a chunk file that is gone is damage")
    func missingFile() async throws {
        let disk = SimulatedDisk()
        let bodies = try BodyFixture(disk: disk)
        let form = try bodies.form(try await bodies.stage(bodyBytes(20_000)))
        try disk.remove("/chunks/" + ChunkFormat.name(of: 1))
        let error = await #expect(throws: StorageError.self) { try await bodies.read(form) }
        #expect(error?.code == .damaged)
        #expect(bodies.observations.damage.withLock { $0.count } == 1)
    }

    @Test("a chunk is checked again when the interval has passed, or when it left memory")
    func interval() async throws {
        let disk = SimulatedDisk()
        let bodies = try BodyFixture(
            disk: disk, reads: ReadLimits(verifyInterval: .seconds(60)))
        let form = try bodies.form(try await bodies.stage(bodyBytes(20_000)))
        let path = "/chunks/" + ChunkFormat.name(of: 1)
        // Opens the file, so that the next read finds it open.
        _ = try await bodies.read(form)
        disk.flip(path, at: 1000)
        bodies.observations.milliseconds.store(59_999, ordering: .relaxed)
        _ = try await bodies.read(form)
        bodies.observations.milliseconds.store(60_000, ordering: .relaxed)
        // Not once, and not again: what the read brought into memory does not count as checked.
        for _ in 1...3 {
            await #expect(throws: StorageError.self) { try await bodies.read(form) }
        }
        disk.flip(path, at: 1000)
        _ = try await bodies.read(form)
        disk.flip(path, at: 1000)
        let file = try disk.open(path, .read)
        file.evict(0..<(try file.sizeBytes()))
        for _ in 1...3 {
            await #expect(throws: StorageError.self) { try await bodies.read(form) }
        }
    }

    @Test("what is verified is remembered within a fixed table")
    func verifiedTable() {
        let limits = ReadLimits(verifiedChunks: 64)
        let verified = VerifiedChunks(limits: limits, now: { 5 })
        let places = (0..<1000).map { ChunkPlace(file: 1, offsetBytes: UInt64($0) * 1024) }
        for place in places {
            #expect(!verified.isVerified(place))
            verified.note(place)
            #expect(verified.isVerified(place))
        }
        let remembered = places.filter(verified.isVerified).count
        #expect((1...64).contains(remembered))
    }

    @Test("chunks stay pinned until the source and its last segment are let go of")
    func pins() async throws {
        let directory = try TemporaryDirectory()
        let bodies = try BodyFixture(disk: PosixDisk(), directory: directory.path)
        let form = try bodies.form(try await bodies.stage(bodyBytes(2_000_000)))
        let file = try #require(bodies.chunks(form).first).id.file
        var source: (any SegmentSource)? = bodies.source(form)
        var segment = try await source?.next()
        #expect(bodies.reads.pins.isPinned(0..<1 << 30, of: file))
        source = nil
        #expect(bodies.reads.pins.isPinned(0..<1 << 30, of: file))
        withExtendedLifetime(segment) {}
        segment = nil
        #expect(!bodies.reads.pins.isPinned(0..<1 << 30, of: file))
    }
}
