import NativeWire
import Storage
import Testing

@Suite("Targets of the peer protocol")
struct PeerCallTests {
    @Test("each call is found by its target")
    func roundTrip() throws {
        let blob = try #require(BlobID(bytes: (0..<32).map { UInt8($0) }))
        let calls: [PeerCall] = [
            .handshake, .feed, .relay, .names, .keys, .blobs, .bytes(blob, 0..<0),
            .bytes(blob, 5..<UInt64.max),
        ]
        for call in calls { #expect(PeerCall(target: call.target) == call) }
    }

    @Test(
        "what is not exactly a call is none",
        arguments: [
            "", "/", "/-/peer/v1/", "/-/peer/v1/feed?", "/-/peer/v1/feed/", "/-/peer/v2/feed",
            "/-/peer/v1/blobs/sha256:00?from=0&to=1",
            "/-/peer/v1/blobs/sha256:\(String(repeating: "0", count: 64))",
            "/-/peer/v1/blobs/sha256:\(String(repeating: "0", count: 64))?from=2&to=1",
            "/-/peer/v1/blobs/sha256:\(String(repeating: "0", count: 64))?from=-1&to=1",
            "/-/peer/v1/blobs/sha256:\(String(repeating: "0", count: 64))?from=00&to=1",
            "/-/peer/v1/blobs/sha256:\(String(repeating: "0", count: 64))?from=0&to=1&x=2",
            "/-/peer/v1/blobs/sha512:\(String(repeating: "0", count: 128))?from=0&to=1",
        ])
    func noCall(target: String) {
        #expect(PeerCall(target: target) == nil)
    }
}
