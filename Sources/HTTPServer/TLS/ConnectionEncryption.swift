// A connection's TLS, as far as its handler has to know of it. Between the two, bytes are plain; beyond, on
// the way to the socket, they are encrypted as they are flushed.

internal import NIOCore
internal import NIOSSL

/// Confined to the event loop.
struct ConnectionEncryption {
    private let handler: NIOSSLServerHandler
    /// The TLS handler's: what is asked of it goes past TLS to the socket.
    private let context: ChannelHandlerContext
    /// The handshake is done.
    private(set) var isEstablished = false
    /// The client has shown a certificate of the listener's client authorities.
    private(set) var hasClientCertificate = false

    /// Puts TLS in place.
    init(_ certificate: ServerCertificate, in pipeline: ChannelPipeline) throws {
        handler = certificate.handler()
        try pipeline.syncOperations.addHandler(handler)
        context = try pipeline.syncOperations.context(handler: handler)
    }

    mutating func establish() {
        isEstablished = true
        // One that the authorities have not issued does not come this far.
        hasClientCertificate = handler.peerCertificate != nil
    }

    /// At once: TLS itself would wait for the client to agree.
    func closeSocket() { context.close(promise: nil) }

    /// Whether the error only says that the client has ended its side without a word of TLS. An event says the
    /// same, and where a message ends HTTP knows by itself.
    static func isEndOfInput(_ error: any Error) -> Bool {
        if case NIOSSLError.uncleanShutdown = error { true } else { false }
    }

    /// Why a handshake failed, as BoringSSL calls it: `UNSUPPORTED_PROTOCOL`, `HTTP_REQUEST`.
    static func reason(_ error: any Error) -> String {
        guard case NIOSSLError.handshakeFailed(.sslError(let stack)) = error, !stack.isEmpty else {
            return "\(error)"
        }
        // “Error: NUMBER error:CODE:LIBRARY:FUNCTION:REASON at FILE:LINE”, or words of NIO’s own.
        return stack.map { entry in
            let words = entry.description.split(separator: " at ").first ?? ""
            return String(words.split(separator: ":").last ?? words)
        }.joined(separator: ", ")
    }
}
