import Access
import HTTPServer
import HTTPTypes
import NIOCore
import NativeAPI
import NativeWire
import Storage
import Testing

@Suite("The door of the peer API")
struct PeerGateTests {
    @Test("who does not prove itself is refused before its body is read")
    func bodyIsNotRead() async throws {
        let fixture = try await HandlerFixture()
        let body = ByteBuffer(string: "x")
        let target = PeerCall.names.target
        let stranger = try #require(PeerKey(secret: [9]))
        let wrongKey = stranger.sign(
            method: "POST", target: target, bodySHA256: Array(repeating: 0, count: 32),
            region: HandlerFixture.peer, addressee: HandlerFixture.own,
            timestampMilliseconds: HandlerFixture.now,
            nonce: PeerNonce(high: 1, low: 1)
        ).headerValue
        let otherTarget = fixture.signature(target: "/-/peer/v1/keys", method: .post, body: body)
        let otherMethod = fixture.signature(target: target, method: .put, body: body)
        let otherRegion = fixture.signature(
            target: target, method: .post, body: body, addressee: RegionID(0xC))
        for authorization in [
            nil, "", "Bearer x", "Holdfast-Peer-1 x", wrongKey, otherTarget.headerValue,
            otherMethod.headerValue, otherRegion.headerValue,
        ] {
            let watched = WatchedBody(body)
            let response = await fixture.handler.respond(
                to: HandlerFixture.request(
                    target: target, method: .post, body: watched, length: 1,
                    authorization: authorization))
            #expect(response.status == .unauthorized)
            #expect(!watched.wasRead)
            #expect(response.signature == nil)
            let error = try await response.error()
            #expect(error.code == .unauthenticated)
            #expect(error.requestID == "00000000000000ff")
        }
    }

    @Test("a request is let in once")
    func once() async throws {
        let fixture = try await HandlerFixture()
        let body = NamesRequest(names: []).encode()
        #expect(await fixture.ask(.names, body, nonce: 5).status == .ok)
        let again = await fixture.ask(.names, body, nonce: 5)
        #expect(again.status == .unauthorized)
        #expect(again.signature != nil, "a refusal for its time or nonce is signed")
        #expect(await fixture.ask(.names, body, nonce: 6).status == .ok)
    }

    @Test("a body that is not the one that was signed is refused")
    func otherBody() async throws {
        let fixture = try await HandlerFixture()
        let target = PeerCall.names.target
        let signed = NamesRequest(names: []).encode()
        let sent = NamesRequest(names: [ObjectName(bucket: "registry", key: "k")]).encode()
        let response = await fixture.handler.respond(
            to: HandlerFixture.request(
                target: target, method: .post, body: WatchedBody(sent), length: nil,
                authorization: fixture.signature(target: target, method: .post, body: signed)
                    .headerValue))
        #expect(response.status == .unauthorized)
        #expect(try await response.error().code == .unauthenticated)
    }

    @Test("every answer to a proven request is signed for that request, refusals too")
    func signedAnswers() async throws {
        let fixture = try await HandlerFixture()
        let body = NamesRequest(names: []).encode()
        for target in [PeerCall.names.target, "/-/peer/v1/none"] {
            let signature = fixture.signature(target: target, method: .post, body: body, nonce: 77)
            let other = fixture.signature(target: target, method: .post, body: body, nonce: 78)
            let response = await fixture.ask(target: target, method: .post, body, nonce: 77)
            let proof = try PeerAnswerSignature(headerValue: try #require(response.signature))
            let status = response.status.code
            // The nonce is spent with the first of the two; the second is refused, and signed too.
            try fixture.key.verify(
                proof, to: signature, status: status, from: HandlerFixture.own)
            try proof.check(body: try await response.collected())
            #expect(throws: AccessError.self) {
                try fixture.key.verify(proof, to: other, status: status, from: nil)
            }
        }
    }

    @Test("what is no call, or asked by another method, is not found")
    func noCall() async throws {
        let fixture = try await HandlerFixture()
        let none = await fixture.ask(target: "/-/peer/v1/none", method: .post, ByteBuffer())
        #expect(none.status == .notFound)
        #expect(try await none.error().code == .noSuchCall)
        let method = await fixture.ask(.feed, nonce: 2, method: .get)
        #expect(method.status == .notFound)
    }

    @Test("a body that is too large, or no document, is refused")
    func badBodies() async throws {
        let fixture = try await HandlerFixture()
        let large = ByteBuffer(repeating: 0, count: WireLimits.requestBytes + 1)
        let tooLarge = await fixture.ask(.names, large)
        #expect(tooLarge.status == .contentTooLarge)
        #expect(try await tooLarge.error().code == .limitExceeded)
        let noise = await fixture.ask(.names, ByteBuffer(string: "noise"), nonce: 2)
        #expect(noise.status == .badRequest)
        #expect(try await noise.error().code == .malformed)
        let other = await fixture.ask(
            .names, BlobStatesRequest(blobs: []).encode(), nonce: 3)
        #expect(try await other.error().code == .malformed, "a document of another call")
    }
}
