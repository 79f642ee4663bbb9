import HTTPServer
import HTTPTypes
import NativeAPI
import NativeWire
import Testing

@Suite("Peers with certificates")
struct CertifiedPeersTests {
    private struct Inner: RequestHandler {
        func respond(to request: ServerRequest) async -> ServerResponse {
            ServerResponse(status: .accepted)
        }
    }

    @Test(
        "who has shown a certificate goes on to the peer API; who has not is told what is missing")
    func asksForCertificates() async throws {
        let handler = CertifiedPeers(inner: Inner())
        var request = HandlerFixture.request(target: PeerCall.handshake.target, method: .post)
        let refused = await handler.respond(to: request)
        #expect(refused.status == .forbidden)
        let error = try await refused.error()
        #expect(error.code == .unauthenticated)
        #expect(error.message.contains("client CA"))
        request.hasClientCertificate = true
        #expect(await handler.respond(to: request).status == .accepted)
    }
}
