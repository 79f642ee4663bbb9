import NIOCore
import NativeWire
import Testing

@Suite("Documents of the admin API")
struct AdminDocumentsTests {
    static let status = StatusDocument(
        region: StatusDocument.Region(
            id: "00000000000000aa", name: "a", incarnation: 3, version: "0.1", uptimeSeconds: 60),
        store: StatusDocument.Store(
            objects: 1, blobs: 2, uploads: 3, logicalBytes: 4, physicalBytes: 5, journalBytes: 6,
            availableBytes: 7, details: ["journal.syncs": 8]),
        replication: StatusDocument.Replication(
            lag: StatusDocument.Lag(
                pendingEntries: 1, outstandingBytes: 2, oldestMilliseconds: nil),
            peers: [
                StatusDocument.Peer(
                    name: "b", url: "http://b:9000", id: nil, isConnected: false,
                    lastError: "unreachable: refused", cursor: "3.9", clockSkewMilliseconds: -5,
                    lag: StatusDocument.Lag(
                        pendingEntries: 0, outstandingBytes: 0, oldestMilliseconds: 9))
            ], fetches: [], parked: [], refusedSources: []),
        damage: [StatusDocument.Damage(blob: "sha256:00", sizeBytes: 9, reason: "rot")],
        jobs: [
            JobDocument(
                id: 1, kind: "gc", state: .failed, failure: "why", startedMilliseconds: 2,
                endedMilliseconds: 3,
                progress: JobDocument.Progress(stage: "s", done: 4, total: 5, isBytes: true),
                figures: ["freed_bytes": 6],
                findings: [JobDocument.Finding(subject: "b", reason: "r", outcome: "kept")],
                findingCount: 7, beyondRepairCount: 8)
        ])

    @Test("a status comes back as it went")
    func roundTrip() throws {
        let bytes = try JSONDocument.encode(Self.status)
        #expect(try JSONDocument.decode(StatusDocument.self, from: bytes) == Self.status)
    }

    @Test("its names are those that scripts read")
    func names() throws {
        let text = String(buffer: try JSONDocument.encode(Self.status.store))
        #expect(
            text == """
                {"availableBytes":7,"blobs":2,"details":{"journal.syncs":8},"freedBytes":0,\
                "journalBytes":6,"logicalBytes":4,"objects":1,"physicalBytes":5,"uploads":3}

                """)
    }

    @Test(
        "what is no JSON, or lacks a field, is refused",
        arguments: ["", "{", "[]", "{\"region\":1}"])
    func malformed(text: String) {
        #expect(throws: (any Error).self) {
            try JSONDocument.decode(StatusDocument.self, from: ByteBuffer(string: text))
        }
    }
}
