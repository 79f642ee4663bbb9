// The digest of multipart bodies: always that of exactly the parts that are named, however they came.

import Checksums
import ChunkFiles
import LocalStore
import Replication
import Simulation
import Storage
import Testing

@Suite("Following the digest of a multipart body")
struct DigestFollowerTests {
    private static let upload = UploadID("u")

    private struct Fixture {
        let disk = SimulatedDisk()
        let bodies: BodyFixture
        let follower: DigestFollower

        init(_ limits: FollowLimits = FollowLimits(stepBytes: 1500)) throws {
            bodies = try BodyFixture(
                disk: disk, ingest: IngestLimits(inlineBytes: 100, chunkBytes: 1000))
            follower = DigestFollower(
                reads: bodies.reads, recent: bodies.ingest.recentDigests, limits: limits)
        }

        func part(_ number: Int, _ bytes: [UInt8]) async throws -> FollowedPart {
            let staged = try await bodies.stage(bytes, plan: HashPlan(sha256: false, md5: true))
            return FollowedPart(number: number, form: bodies.pinned(try bodies.form(staged)))
        }

        /// Returns when everything that can be followed has been.
        func untilFollowed(_ bytes: Int) async throws {
            try await eventually("\(bytes) bytes are followed") {
                follower.statistics()["follow_hashed_bytes"] ?? 0 >= UInt64(bytes)
            }
        }
    }

    @Test("followed parts are not read again when the upload is completed")
    func headStart() async throws {
        let fixture = try Fixture()
        var parts: [FollowedPart] = []
        for number in 1...5 {
            let part = try await fixture.part(number, bodyBytes(4321, seed: UInt64(number)))
            parts.append(part)
            fixture.follower.follow(part, of: Self.upload)
        }
        try await fixture.untilFollowed(5 * 4321)
        let blob = try await fixture.follower.digest(of: parts, in: Self.upload)
        #expect(blob == sha256((1...5).flatMap { bodyBytes(4321, seed: UInt64($0)) }))
        #expect(fixture.follower.statistics()["follow_late_bytes"] == 0)
    }

    @Test("the digest is right without any following, also of no part and of small ones")
    func withoutFollowing() async throws {
        let fixture = try Fixture()
        let upload = UploadID("other")
        #expect(try await fixture.follower.digest(of: [], in: upload) == sha256([]))
        let small = try await fixture.part(1, bodyBytes(50))
        let large = try await fixture.part(7, bodyBytes(5000))
        let blob = try await fixture.follower.digest(of: [small, large], in: upload)
        #expect(blob == sha256(bodyBytes(50) + bodyBytes(5000)))
    }

    @Test("a part that is a range of stored bytes counts with that range")
    func ranges() async throws {
        let fixture = try Fixture()
        let bytes = bodyBytes(5000)
        let form = fixture.bodies.pinned(
            try fixture.bodies.form(try await fixture.bodies.stage(bytes)))
        let parts = [
            FollowedPart(number: 1, form: form, range: 700..<3100),
            FollowedPart(number: 2, form: form, range: 3100..<5000),
        ]
        for part in parts { fixture.follower.follow(part, of: Self.upload) }
        let blob = try await fixture.follower.digest(of: parts, in: Self.upload)
        #expect(blob == sha256(Array(bytes[700...])))
    }

    @Test("a finished blob as the first part is gone on from without reading it")
    func wholeBlob() async throws {
        let fixture = try Fixture()
        let bytes = bodyBytes(50_000)
        let staged = try await fixture.bodies.stage(bytes)
        let firstForm = try fixture.bodies.form(staged)
        let first = FollowedPart(
            number: 1, form: fixture.bodies.pinned(firstForm), identity: staged.blob)
        let tail = bodyBytes(3000, seed: 2)
        let tailForm = try fixture.bodies.form(try await fixture.bodies.stage(tail))
        let second = FollowedPart(number: 2, form: fixture.bodies.pinned(tailForm))
        let blob = try await fixture.follower.digest(of: [first, second], in: Self.upload)
        #expect(blob == sha256(bytes + tail))
        #expect(fixture.follower.statistics()["follow_late_bytes"] == 3000)
        // And so on from the end of that one.
        let joined = fixture.bodies.chunks(firstForm) + fixture.bodies.chunks(tailForm)
        let whole = FollowedPart(
            number: 1, form: fixture.bodies.pinned(.chunks(joined)), identity: blob)
        let more = try await fixture.part(2, bodyBytes(10, seed: 3))
        let next = try await fixture.follower.digest(of: [whole, more], in: UploadID("v"))
        #expect(next == sha256(bytes + tail + bodyBytes(10, seed: 3)))
        #expect(fixture.follower.statistics()["follow_late_bytes"] == 3010)
    }

    @Test("damage in a part is met when the upload is completed")
    func damage() async throws {
        let fixture = try Fixture()
        let part = try await fixture.part(1, bodyBytes(5000))
        fixture.disk.flip("/chunks/" + ChunkFormat.name(of: 1), at: 2000)
        fixture.follower.follow(part, of: Self.upload)
        let error = await #expect(throws: StorageError.self) {
            try await fixture.follower.digest(of: [part], in: Self.upload)
        }
        #expect(error?.code == .damaged)
    }

    @Test("every plan can be asked of a list of parts")
    func anyPlan() async throws {
        let fixture = try Fixture()
        let parts = [
            try await fixture.part(1, bodyBytes(2500)), try await fixture.part(2, bodyBytes(80)),
        ]
        let whole = bodyBytes(2500) + bodyBytes(80)
        let plan = HashPlan(md5: true, sha512: true, checksums: [.crc64nvme])
        let body = try await fixture.follower.hashed(parts, plan: plan)
        #expect(body.blob == sha256(whole))
        #expect(body.sizeBytes == 2580)
        #expect(body.md5 == MessageDigest.hash(.md5, whole))
        #expect(body.sha512 == MessageDigest.hash(.sha512, whole))
        #expect(body.checksums[.crc64nvme]?.count == 8)
    }

    @Test(
        "parts in any order, with gaps, replaced, and completed in between: the digest is that of the list",
        arguments: 1...12)
    func anyOrder(_ seed: UInt64) async throws {
        var random = SplitMix(seed: seed)
        let limits = FollowLimits(
            uploads: 2, states: 2 + Int.random(in: 0..<3, using: &random), waitingParts: 6,
            threads: 1 + Int.random(in: 0..<2, using: &random), stepBytes: 1500)
        let fixture = try Fixture(limits)
        var current: [Int: (part: FollowedPart, bytes: [UInt8])] = [:]
        for step in 0..<40 {
            let number = Int.random(in: 1...9, using: &random)
            let bytes = bodyBytes(
                Int.random(in: 0...4000, using: &random), seed: seed &* 1000 &+ UInt64(step))
            let part = try await fixture.part(number, bytes)
            current[number] = (part, bytes)
            fixture.follower.follow(part, of: Self.upload)
            if Int.random(in: 0..<3, using: &random) == 0 {
                fixture.follower.follow(part, of: UploadID("noise\(step % 3)"))
            }
            if Int.random(in: 0..<5, using: &random) == 0 { await Task.yield() }
            guard Int.random(in: 0..<6, using: &random) == 0 else { continue }
            let chosen = current.keys.sorted().filter { _ in
                Int.random(in: 0..<5, using: &random) > 0
            }.compactMap { current[$0] }
            let blob = try await fixture.follower.digest(
                of: chosen.map(\.part), in: Self.upload)
            #expect(blob == sha256(chosen.flatMap(\.bytes)))
        }
    }
}
