import HTTPServer
import HTTPTypes
import NIOCore
import NativeAPI
import NativeWire
import Replication
import Storage
import Synchronization
import Testing

@Suite("What the peer API answers")
struct PeerAnswersTests {
    static let blob = BlobID(bytes: Array(repeating: 1, count: 32))

    /// One blob in a file region, or damaged from its tenth byte on.
    private final class OneBlob: BlobStore {
        let info: BlobInfo
        let segment: FileSegment?

        init(info: BlobInfo, segment: FileSegment? = nil) {
            self.info = info
            self.segment = segment
        }

        func stage(_ plan: HashPlan, expectedBytes: UInt64?) async throws -> any BlobStaging {
            throw StorageError(.unavailable, "nothing is written here")
        }

        func isToBeSealed(_ blob: BlobID) async throws -> Bool { false }

        func stat(_ blob: BlobID) async throws -> BlobInfo? { blob == info.blob ? info : nil }

        func read(_ blob: BlobID, range: Range<UInt64>) async throws -> any SegmentSource {
            if info.isDamaged, range.upperBound > 10 {
                throw StorageError(.damaged, "blob \(blob) is damaged")
            }
            return Source(segment)
        }

        func keep(_ staged: StagedBlob) async throws -> BlobInfo {
            throw StorageError(.unavailable, "nothing is written here")
        }

        private final class Source: SegmentSource {
            private let segment: FileSegment?
            private let state = Counter()

            init(_ segment: FileSegment?) { self.segment = segment }

            func next() async throws -> Segment? {
                guard let segment, state.next() == 1 else { return nil }
                return .file(segment)
            }
        }
    }

    @Test("a file region of a blob goes out as a file region, with its lease")
    func fileRegions() async throws {
        let blob = try #require(Self.blob)
        let lease = Counter()
        let segment = FileSegment(descriptor: 7, offsetBytes: 11, lengthBytes: 13, lease: lease)
        let fixture = try await HandlerFixture(
            blobs: OneBlob(info: BlobInfo(blob: blob, sizeBytes: 13), segment: segment))
        let response = await fixture.ask(.bytes(blob, 0..<13))
        #expect(response.status == .ok)
        guard case .stream(let source, let length) = response.body,
            case .file(let part) = try await source.next()
        else {
            Issue.record("not streamed as a file region")
            return
        }
        #expect(length == 13)
        #expect(part.descriptor == 7 && part.offsetBytes == 11 && part.lengthBytes == 13)
        #expect(ObjectIdentifier(part.lease) == ObjectIdentifier(lease))
        #expect(try await source.next() == nil)
    }

    @Test(
        "damaged bytes are refused by name, and told of as damaged; intact ones of the same blob are given"
    )
    func damaged() async throws {
        let blob = try #require(Self.blob)
        let fixture = try await HandlerFixture(
            blobs: OneBlob(info: BlobInfo(blob: blob, sizeBytes: 13, isDamaged: true)))
        let bytes = await fixture.ask(.bytes(blob, 0..<13))
        #expect(bytes.status == .notFound)
        #expect(try await bytes.error().code == .damaged)
        let states = await fixture.ask(
            .blobs, BlobStatesRequest(blobs: [blob]).encode(), nonce: 2)
        let answer = try BlobStatesAnswer(decoding: try await states.collected())
        #expect(answer.states == [.damaged])
        let intact = await fixture.ask(.bytes(blob, 2..<9), nonce: 3)
        #expect(intact.status == .ok)
    }

    @Test("bytes that are not here, or not within the blob, are refused each in its way")
    func notHere() async throws {
        let blob = try #require(Self.blob)
        let other = try #require(BlobID(bytes: Array(repeating: 2, count: 32)))
        let fixture = try await HandlerFixture(
            blobs: OneBlob(info: BlobInfo(blob: blob, sizeBytes: 13)))
        let missing = await fixture.ask(.bytes(other, 0..<1))
        #expect(missing.status == .notFound)
        #expect(try await missing.error().code == .neverHad)
        for (nonce, range) in [0..<14, 14..<14, 0..<UInt64.max].enumerated() {
            let response = await fixture.ask(.bytes(blob, range), nonce: UInt64(nonce) + 2)
            #expect(response.status == .rangeNotSatisfiable)
            #expect(try await response.error().code == .invalidRange)
        }
    }

    @Test(
        "a position that was never issued is a conflict, whether it is the cursor or was only seen",
        arguments: [false, true])
    func unknownPosition(isCursor: Bool) async throws {
        let fixture = try await HandlerFixture()
        let places = [HandlerFixture.own: FeedPosition(incarnation: 5, number: 500)]
        let request = FeedRequest(
            cursors: isCursor ? places : [:], seen: isCursor ? [:] : places, waitMilliseconds: 0)
        let response = await fixture.ask(.feed, request.encode())
        #expect(response.status == .conflict)
        #expect(try await response.error().code == .unknownPosition)
    }

    @Test("cursors of other origins do not disturb the answer")
    func otherOrigins() async throws {
        let fixture = try await HandlerFixture()
        let request = FeedRequest(
            cursors: [RegionID(0xC): FeedPosition(incarnation: 5, number: 500)],
            waitMilliseconds: 0)
        let response = await fixture.ask(.feed, request.encode())
        let answer = try FeedAnswer(decoding: try await response.collected())
        #expect(answer.ranges.map(\.origin) == [HandlerFixture.own])
    }

    @Test("a region of another age is told so")
    func incompatible() async throws {
        let fixture = try await HandlerFixture()
        let hello = HelloDocument(
            protocolVersions: 40...41, region: HandlerFixture.peer, name: "later", incarnation: 1,
            features: 0, clockMilliseconds: 0)
        let response = await fixture.ask(.handshake, hello.encode())
        #expect(response.status == .badRequest)
        let error = try await response.error()
        #expect(error.code == .incompatible)
        #expect(error.message.contains("later"))
    }
}

final class Counter: Sendable {
    private let state = Atomic<Int>(0)

    func next() -> Int { state.add(1, ordering: .relaxed).newValue }
}
