// Bodies coming in: what they become, what is refused, and what survives.

import Checksums
import ChunkFiles
import DiskIO
import Foundation
import LocalStore
import NIOCore
import Simulation
import Storage
import Testing

@Suite("Bodies on their way in")
struct BodyTests {
    @Test(
        "a body of any size comes back as it was sent, hashed",
        arguments: [0, 1, 8192, 8193, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3_500_000],
        [997, 60_000, 2_000_000])
    func roundTrip(_ count: Int, _ pieces: Int) async throws {
        let bodies = try BodyFixture()
        let bytes = bodyBytes(count)
        let plan = HashPlan(md5: true, sha512: true, checksums: [.crc32c, .sha1])
        let staged = try await bodies.stage(bytes, pieces: pieces, plan: plan)
        #expect(staged.blob == sha256(bytes))
        #expect(staged.sizeBytes == UInt64(count))
        #expect(staged.md5 == MessageDigest.hash(.md5, bytes))
        #expect(staged.sha512 == MessageDigest.hash(.sha512, bytes))
        #expect(staged.checksums[.sha1] == MessageDigest.hash(.sha1, bytes))
        #expect(staged.checksums[.crc32c] == CRC32C(value: CRC32C.checksum(bytes)).bytes)
        let form = try bodies.form(staged)
        #expect(form.sizeBytes == UInt64(count))
        #expect(try await bodies.read(form) == bytes)
        #expect(bodies.ingest.statistics()["ingest_buffered_bytes"] == 0)
    }

    @Test("a body up to the limit rides in its record and touches no chunk file")
    func inline() async throws {
        let disk = SimulatedDisk()
        let bodies = try BodyFixture(disk: disk)
        let calls = disk.calls.count
        let small = try await bodies.stage(bodyBytes(8192), pieces: 100)
        #expect(try bodies.form(small) == .inline(bodyBytes(8192)))
        #expect(disk.calls.count == calls)
        let large = try await bodies.stage(bodyBytes(8193))
        #expect(bodies.chunks(try bodies.form(large)).map(\.lengthBytes) == [8193])
    }

    @Test("a body is cut into full chunks and a last one")
    func chunks() async throws {
        let bodies = try BodyFixture()
        let staged = try await bodies.stage(bodyBytes(2_500_000))
        let lengths = bodies.chunks(try bodies.form(staged)).map(\.lengthBytes)
        #expect(lengths == [1 << 20, 1 << 20, 2_500_000 - (2 << 20)])
    }

    @Test("a plan without SHA-256 gives a body without identity")
    func withoutIdentity() async throws {
        let bodies = try BodyFixture()
        let bytes = bodyBytes(100_000)
        let staged = try await bodies.stage(bytes, plan: HashPlan(sha256: false, md5: true))
        #expect(staged.blob == nil)
        #expect(staged.md5 == MessageDigest.hash(.md5, bytes))
    }

    @Test(
        "a promise that does not hold is refused and leaves nothing staged",
        arguments: [100, 100_000])
    func brokenPromises(_ count: Int) async throws {
        let bodies = try BodyFixture()
        let bytes = bodyBytes(count)
        let wrong = try #require(sha256([1]))
        let promises: [(BodyPromise, StorageError.Code)] = [
            (BodyPromise(sizeBytes: 99), .sizeMismatch),
            (BodyPromise(md5: MessageDigest.hash(.md5, [1])), .digestMismatch),
            (BodyPromise(digests: [ContentDigest(wrong)]), .digestMismatch),
            (BodyPromise(checksums: [.crc32: [1, 2, 3, 4]]), .digestMismatch),
        ]
        for (promise, code) in promises {
            let plan = HashPlan(md5: true, checksums: [.crc32])
            let error = await #expect(throws: StorageError.self) {
                try await bodies.stage(bytes, plan: plan, promise: promise)
            }
            #expect(error?.code == code)
        }
        let statistics = bodies.ingest.statistics()
        #expect(statistics["ingest_staged_bodies"] == 0)
        #expect(statistics["ingest_buffered_bytes"] == 0)
    }

    @Test("what a ticket stands for is known until the last reference is let go of")
    func tickets() async throws {
        let bodies = try BodyFixture()
        var staged: StagedBlob? = try await bodies.stage(bodyBytes(10))
        #expect(bodies.ingest.statistics()["ingest_staged_bodies"] == 1)
        withExtendedLifetime(staged) {}
        staged = nil
        #expect(bodies.ingest.statistics()["ingest_staged_bodies"] == 0)
    }

    @Test(
        "a full disk and a failing one are told apart",
        arguments: [(ENOSPC, StorageError.Code.insufficientStorage), (EIO, .inputOutput)])
    func failingWrites(_ code: CInt, _ expected: StorageError.Code) async throws {
        let disk = SimulatedDisk()
        let bodies = try BodyFixture(disk: disk)
        _ = try await bodies.stage(bodyBytes(10_000))
        disk.fail(every: .write, with: code)
        let error = await #expect(throws: StorageError.self) {
            try await bodies.stage(bodyBytes(5_000_000))
        }
        #expect(error?.code == expected)
        disk.fail(every: .write, with: nil)
        let bytes = bodyBytes(2_000_000)
        let staged = try await bodies.stage(bytes)
        #expect(try await bodies.read(try bodies.form(staged)) == bytes)
        #expect(bodies.ingest.statistics()["ingest_buffered_bytes"] == 0)
    }

    @Test("a body whose sync failed is refused, though its bytes read back well")
    func failingSync() async throws {
        let disk = SimulatedDisk()
        let bodies = try BodyFixture(disk: disk)
        _ = try await bodies.stage(bodyBytes(10_000))
        disk.fail(every: .sync, with: EIO)
        let error = await #expect(throws: StorageError.self) {
            try await bodies.stage(bodyBytes(20_000))
        }
        #expect(error?.code == .inputOutput)
        disk.fail(every: .sync, with: nil)
        let bytes = bodyBytes(30_000)
        let staged = try await bodies.stage(bytes)
        #expect(bodies.chunks(try bodies.form(staged)).first?.id.file == 2)
    }

    @Test(
        "a body that was finished survives a power loss at any later call, and at any earlier none is finished"
    )
    func powerLoss() async throws {
        let limits = IngestLimits(inlineBytes: 100, chunkBytes: 5000)
        let bytes = bodyBytes(23_000)
        var finished = 0
        for call in 1...20 {
            let disk = SimulatedDisk()
            let bodies = try BodyFixture(
                disk: disk, chunks: ChunkLimits(fileBytes: 12_000), ingest: limits)
            disk.crash(atCall: call, .random(seed: UInt64(call)))
            let staged = try? await bodies.stage(bytes)
            let form = try staged.map(bodies.form)
            if !disk.isPoweredOff { disk.crash(.everything) }
            disk.restart()
            guard let form else { continue }
            finished += 1
            let again = try BodyFixture(disk: disk, firstFile: 100, ingest: limits)
            #expect(try await again.read(form) == bytes)
        }
        #expect((1..<20).contains(finished))
    }

    @Test("stalled uploads hold no more than the budget and end well")
    func stalledUploads() async throws {
        let limits = IngestLimits(bufferedBytes: 1 << 20)
        let bodies = try BodyFixture(ingest: limits)
        let stagings = (0..<100).map { _ in bodies.ingest.stage(HashPlan()) }
        for round in 0..<3 {
            for (index, staging) in stagings.enumerated() {
                let piece = bodyBytes(20_000, seed: UInt64(index * 3 + round))
                try await staging.write(ByteBuffer(bytes: piece))
                #expect(bodies.ingest.statistics()["ingest_buffered_bytes"] ?? .max <= 1 << 20)
            }
        }
        #expect(bodies.ingest.statistics()["ingest_short_chunks"] ?? 0 > 0)
        for (index, staging) in stagings.enumerated() {
            let bytes = (0..<3).flatMap { bodyBytes(20_000, seed: UInt64(index * 3 + $0)) }
            let staged = try await staging.finish(BodyPromise(sizeBytes: 60_000))
            #expect(staged.blob == sha256(bytes))
            #expect(try await bodies.read(try bodies.form(staged)) == bytes)
        }
        #expect(bodies.ingest.statistics()["ingest_buffered_bytes"] == 0)
    }

    @Test("many bodies at once, under a small budget, each come back as sent")
    func manyAtOnce() async throws {
        let limits = IngestLimits(chunkBytes: 100_000, bufferedBytes: 300_000)
        let bodies = try BodyFixture(ingest: limits)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for index in 0..<24 {
                group.addTask {
                    let bytes = bodyBytes(50_000 * index, seed: UInt64(index))
                    let staged = try await bodies.stage(bytes, pieces: 7000 + index)
                    return try await bodies.read(try bodies.form(staged)) == bytes
                }
            }
            for try await isSame in group { #expect(isSame) }
        }
        #expect(bodies.ingest.statistics()["ingest_buffered_bytes"] == 0)
    }

    @Test("an abandoned body gives its memory back")
    func abandoned() async throws {
        let bodies = try BodyFixture()
        var staging: (any BlobStaging)? = bodies.ingest.stage(HashPlan())
        try await staging?.write(ByteBuffer(bytes: bodyBytes(300_000)))
        #expect(bodies.ingest.statistics()["ingest_buffered_bytes"] == 300_000)
        staging = nil
        #expect(bodies.ingest.statistics()["ingest_buffered_bytes"] == 0)
    }

    @Test("a body gives its thread to whoever waits for one")
    func givesWay() async throws {
        let disk = SimulatedDisk()
        let bodies = try BodyFixture(
            disk: disk, ingest: IngestLimits(chunksInFlight: 100), threads: 1)
        let gate = DispatchSemaphore(value: 0)
        bodies.pool.submit { _ in gate.wait() }
        let staging = bodies.ingest.stage(HashPlan(sha256: false))
        try await staging.write(ByteBuffer(bytes: bodyBytes(20 << 20)))
        let before = disk.calls.count
        let other = bodies.pool.begin { disk.calls.count - before }
        gate.signal()
        let callsBeforeOther = try await other.value()
        _ = try await staging.finish(BodyPromise())
        #expect(callsBeforeOther < (disk.calls.count - before) / 2)
    }

    @Test("after the threads have stopped a body is refused, and nothing waits")
    func stopped() async throws {
        let bodies = try BodyFixture()
        try await bodies.pool.stop()
        let error = await #expect(throws: StorageError.self) {
            try await bodies.stage(bodyBytes(3_000_000))
        }
        #expect(error?.code == .unavailable)
    }
}
