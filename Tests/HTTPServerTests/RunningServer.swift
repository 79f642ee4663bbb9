// A real server for the length of a test, and a client that speaks to it byte by byte.

import HTTPServer
import HTTPTypes
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import Synchronization
import Testing

/// A handler made of a closure.
struct ClosureHandler: RequestHandler {
    let body: @Sendable (ServerRequest) async -> ServerResponse

    func respond(to request: ServerRequest) async -> ServerResponse { await body(request) }
}

/// Runs a server on a port of the system's choosing while `body` runs.
func withServer<Result: Sendable>(
    _ wire: Wire = .clear, limits: HTTPLimits = HTTPLimits(),
    certificate: ServerCertificate? = nil,
    respond: @escaping @Sendable (ServerRequest) async -> ServerResponse,
    _ body: (HTTPService, ServerAddress) async throws -> Result
) async throws -> Result {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let listener = ListenerConfiguration(
        .tcp(host: "127.0.0.1", port: 0), certificate: try certificate ?? wire.certificate())
    let service = HTTPService(
        configuration: HTTPServiceConfiguration(
            listeners: [listener], limits: limits),
        handler: ClosureHandler(body: respond), logger: logger)
    let address = try #require(try await service.bind().first)
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await service.run() }
        let result = try await body(service, ServerAddress(address: address, wire: wire))
        group.cancelAll()
        try await group.waitForAll()
        return result
    }
}

/// A response as it came.
struct RawResponse {
    var status: Int
    var fields: [String: String]
    var body: ByteBuffer

    var text: String { String(buffer: body) }
}

/// What a TLS handshake has agreed on.
final class Agreement: Sendable {
    let protocolName = Mutex<String?>(nil)
}

/// Hands on what arrives, one read at a time.
private final class Receiver: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    let arrivals: AsyncThrowingStream<ByteBuffer, any Error>.Continuation
    let agreement: Agreement

    init(
        _ arrivals: AsyncThrowingStream<ByteBuffer, any Error>.Continuation, _ agreement: Agreement
    ) {
        self.arrivals = arrivals
        self.agreement = agreement
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        arrivals.yield(unwrapInboundIn(data))
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed: arrivals.finish()
        case TLSUserEvent.handshakeCompleted(let name):
            agreement.protocolName.withLock { $0 = name }
        default: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        arrivals.finish(throwing: error)
    }

    func channelInactive(context: ChannelHandlerContext) { arrivals.finish() }
}

/// The client's side of a connection. It reads only while something is asked of it.
struct RawClient {
    struct Ended: Error {}

    let channel: any Channel
    private var arrivals: AsyncThrowingStream<ByteBuffer, any Error>.Iterator
    private(set) var received = ByteBuffer()
    private let agreement: Agreement

    /// By ALPN.
    var agreedProtocol: String? { agreement.protocolName.withLock(\.self) }

    init(_ server: ServerAddress) async throws {
        try await self.init(server.address, server.wire.client())
    }

    /// With a context, by TLS.
    init(_ address: ListenerAddress, _ context: NIOSSLContext? = nil) async throws {
        let agreement = Agreement()
        self.agreement = agreement
        let (stream, entry) = AsyncThrowingStream<ByteBuffer, any Error>.makeStream()
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.autoRead, value: false)
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let context {
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLClientHandler(context: context, serverHostname: "localhost"))
                    }
                    try channel.pipeline.syncOperations.addHandler(Receiver(entry, agreement))
                }
            }
        channel =
            switch address {
            case .tcp(let host, let port): try await bootstrap.connect(host: host, port: port).get()
            case .unix(let path, _): try await bootstrap.connect(unixDomainSocketPath: path).get()
            }
        arrivals = stream.makeAsyncIterator()
        // The handshake reads on by itself from here.
        if context != nil { channel.read() }
    }

    func send(_ text: String) async throws { try await send(ByteBuffer(string: text)) }

    func send(_ bytes: ByteBuffer) async throws { try await channel.writeAndFlush(bytes) }

    /// Sends megabytes until the server's end of the connection is gone.
    func sendUntilRefused(limitBytes: Int) async -> Int {
        let bytes = ByteBuffer(repeating: 7, count: 1 << 20)
        var sentBytes = 0
        do {
            while sentBytes < limitBytes {
                try await send(bytes)
                sentBytes += bytes.readableBytes
            }
        } catch {
            // The reset that was waited for.
        }
        return sentBytes
    }

    /// Ends the client's side; the server's may go on.
    func endOutput() async throws { try await channel.close(mode: .output) }

    /// One more arrival; `false` at the end.
    mutating func receive() async throws -> Bool {
        channel.read()
        guard var next = try await arrivals.next(isolation: #isolation) else { return false }
        received.discardReadBytes()
        received.writeBuffer(&next)
        return true
    }

    /// Takes what has been received.
    mutating func takeReceived() -> ByteBuffer {
        defer { received = ByteBuffer() }
        return received
    }

    /// One line without its CR LF.
    mutating func readLine() async throws -> String {
        while true {
            if let end = received.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) {
                let line = received.readString(length: end - received.readerIndex - 1) ?? ""
                received.moveReaderIndex(forwardBy: 2)
                return line
            }
            guard try await receive() else { throw Ended() }
        }
    }

    mutating func readBytes(_ count: Int) async throws -> ByteBuffer {
        while received.readableBytes < count {
            guard try await receive() else { throw Ended() }
        }
        return received.readSlice(length: count) ?? ByteBuffer()
    }

    /// Status line and fields, their names in lower case.
    mutating func readHead() async throws -> RawResponse {
        let line = try await readLine()
        let status = try #require(Int(line.split(separator: " ")[1]))
        var fields: [String: String] = [:]
        while true {
            let line = try await readLine()
            guard !line.isEmpty else { break }
            let colon = try #require(line.firstIndex(of: ":"))
            fields[line[..<colon].lowercased()] = String(
                line[line.index(after: colon)...].drop { $0 == " " })
        }
        return RawResponse(status: status, fields: fields, body: ByteBuffer())
    }

    /// A whole response, by its framing.
    mutating func readResponse(bodiless: Bool = false) async throws -> RawResponse {
        var response = try await readHead()
        if bodiless { return response }
        if response.fields["transfer-encoding"] == "chunked" {
            while let size = Int(try await readLine(), radix: 16) {
                var chunk = try await readBytes(size)
                response.body.writeBuffer(&chunk)
                _ = try await readLine()
                if size == 0 { break }
            }
        } else if let length = response.fields["content-length"].flatMap(Int.init) {
            response.body = try await readBytes(length)
        }
        return response
    }

    /// Whatever comes until the server closes; a reset counts as closing.
    mutating func readToEnd() async -> ByteBuffer {
        do {
            while try await receive() {}
        } catch {
            // The reset is how some of these connections end.
        }
        return received
    }
}

func withClient<Result>(
    _ address: ListenerAddress, _ body: (inout RawClient) async throws -> Result
) async throws -> Result {
    try await withClient(ServerAddress(address: address), body)
}

func withClient<Result>(
    _ server: ServerAddress, _ body: (inout RawClient) async throws -> Result
) async throws -> Result {
    var client = try await RawClient(server)
    do {
        let result = try await body(&client)
        client.channel.close(promise: nil)
        return result
    } catch {
        client.channel.close(promise: nil)
        throw error
    }
}

/// A source of parts that are known beforehand.
actor ListedParts: ResponseSource {
    private var parts: [ResponsePart]
    private let failure: (any Error)?

    init(_ parts: [ResponsePart], failure: (any Error)? = nil) {
        self.parts = parts.reversed()
        self.failure = failure
    }

    func next() async throws -> ResponsePart? {
        if let part = parts.popLast() { return part }
        if let failure { throw failure }
        return nil
    }
}

func text(_ status: HTTPResponse.Status, _ body: String) -> ServerResponse {
    ServerResponse(status: status, body: .bytes(ByteBuffer(string: body)))
}
