// Lets in to the peer API only who has shown a certificate on the connection. The key of the pair is asked for
// all the same: this is a second lock, not another one.

package import HTTPServer
internal import HTTPTypes
internal import NativeWire

package struct CertifiedPeers: RequestHandler {
    private let inner: any RequestHandler

    package init(inner: any RequestHandler) { self.inner = inner }

    package func respond(to request: ServerRequest) async -> ServerResponse {
        guard request.hasClientCertificate else {
            let refusal = Refusal(
                .forbidden, .unauthenticated,
                "this region talks to regions that show a certificate of its client CA, and none was shown"
            )
            return .refusal(refusal, to: request)
        }
        return await inner.respond(to: request)
    }
}
