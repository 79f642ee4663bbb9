import HTTPServer
import HTTPTypes
import NIOCore
import NativeAPI
import NativeWire
import Replication
import Storage
import Testing

@Suite("Status and probes")
struct HealthTests {
    private static func health(_ readiness: Readiness) -> HealthHandler {
        HealthHandler(logger: HandlerFixture.silent) { readiness }
    }

    @Test("a daemon that serves says so")
    func ready() async throws {
        let handler = Self.health(.ready)
        for target in [AdminCall.live, AdminCall.ready] {
            let response = await handler.respond(to: HandlerFixture.request(target: target))
            #expect(response.status == .ok)
            let document: HealthDocument = try JSONDocument.decode(
                from: try await response.collected())
            #expect(document == HealthDocument(status: "ok"))
        }
    }

    @Test("a daemon that does not serve is alive, and says why it is not ready")
    func notReady() async throws {
        let handler = Self.health(.unavailable("stopping"))
        let live = await handler.respond(to: HandlerFixture.request(target: AdminCall.live))
        #expect(live.status == .ok)
        let ready = await handler.respond(to: HandlerFixture.request(target: AdminCall.ready))
        #expect(ready.status == .serviceUnavailable)
        let document: HealthDocument = try JSONDocument.decode(from: try await ready.collected())
        #expect(document == HealthDocument(status: "unavailable", reason: "stopping"))
    }

    @Test("anything else is no call", arguments: ["/-/health/", "/-/health/other", "/"])
    func noProbe(target: String) async throws {
        let response = await Self.health(.ready).respond(
            to: HandlerFixture.request(target: target))
        #expect(response.status == .notFound)
        #expect(try await response.error().code == .noSuchCall)
    }

    private static func admin(
        _ maintenance: any Maintenance, replication: ReplicationStatus
    ) -> AdminHandler {
        AdminHandler(
            identity: DaemonIdentity(
                region: HandlerFixture.own, name: "b", incarnation: 4, version: "1.2.3",
                startedMilliseconds: HandlerFixture.now - 61_500),
            maintenance: maintenance,
            jobs: AdminJobs(
                board: JobBoard(clock: FixedClock())
            ) { _ in
                throw StorageError(.unavailable, "no jobs here")
            },
            history: AdminHistory(
                history: MemoryStore(region: HandlerFixture.own, clock: FixedClock()) { _ in false
                },
                rollback: NoRollback()), clock: FixedClock(), logger: HandlerFixture.silent
        ) { replication }
    }

    @Test("the status tells of region, store and peers")
    func status() async throws {
        let fixture = try await HandlerFixture()
        let blob = try #require(PeerAnswersTests.blob)
        let staged = try await fixture.store.stage(bytes: ByteBuffer(string: "rots"))
        let rotten = try await fixture.store.keep(staged).blob
        fixture.store.corrupt(rotten)
        await #expect(throws: StorageError.self) {
            _ = try await fixture.store.content(of: rotten, limitBytes: 9)
        }
        let replication = ReplicationStatus(
            region: HandlerFixture.own, name: "b",
            peers: [
                PeerStatus(
                    name: "a", url: "http://a", region: HandlerFixture.peer, isConnected: true,
                    cursor: FeedPosition(incarnation: 2, number: 9), clockSkewMilliseconds: -3,
                    lag: ReplicationLag(
                        pendingEntries: 1, outstandingBytes: 2, oldestMilliseconds: 3))
            ],
            lag: ReplicationLag(pendingEntries: 4, outstandingBytes: 5, oldestMilliseconds: 6),
            fetches: [FetchStatus(blob: blob, sizeBytes: 7, receivedBytes: 3, source: "a")],
            parked: [
                ParkedEntry(
                    name: ObjectName(bucket: "registry", key: "k"),
                    version: Version(
                        stamp: HybridTimestamp(rawValue: 1), region: HandlerFixture.peer),
                    reason: "why")
            ], refusedSources: [RefusedSource(peer: "a", blob: blob, times: 2)])
        let response = await Self.admin(fixture.store, replication: replication).respond(
            to: HandlerFixture.request(target: AdminCall.status))
        #expect(response.status == .ok)
        let status: StatusDocument = try JSONDocument.decode(from: try await response.collected())
        #expect(
            status.region
                == StatusDocument.Region(
                    id: "000000000000000b", name: "b", incarnation: 4, version: "1.2.3",
                    uptimeSeconds: 61))
        #expect(status.store.objects == 1, "the bucket's document")
        #expect(status.damage.map(\.blob) == [rotten.description])
        #expect(status.damage.map(\.sizeBytes) == [4])
        let peer = try #require(status.replication.peers.first)
        #expect(peer.id == "000000000000000a" && peer.cursor == "2.9" && peer.isConnected)
        #expect(peer.lag.oldestMilliseconds == 3)
        #expect(status.replication.lag.pendingEntries == 4)
        #expect(status.replication.fetches.map(\.receivedBytes) == [3])
        #expect(status.replication.parked.map(\.reason) == ["why"])
        #expect(status.replication.refusedSources.map(\.times) == [2])
    }

    private struct BrokenStore: Maintenance {
        func figures() async throws -> StoreFigures {
            throw StorageError(.unavailable, "the store is stopping")
        }

        func usage(of bucket: String) async throws -> BucketUsage { BucketUsage() }

        func damage(after: BlobID?, limit: Int) async throws -> [BlobDamage] { [] }
    }

    @Test("a store that cannot say is told of, not made up")
    func broken() async throws {
        let replication = ReplicationStatus(region: HandlerFixture.own, name: "b")
        let response = await Self.admin(BrokenStore(), replication: replication).respond(
            to: HandlerFixture.request(target: AdminCall.status))
        #expect(response.status == .serviceUnavailable)
        let error = try await response.error()
        #expect(error.code == .busy)
        #expect(error.message == "the store is stopping")
    }

    @Test("a status is read, not written")
    func method() async throws {
        let replication = ReplicationStatus(region: HandlerFixture.own, name: "b")
        let response = await Self.admin(BrokenStore(), replication: replication).respond(
            to: HandlerFixture.request(target: AdminCall.status, method: .post))
        #expect(response.status == .notFound)
    }
}
