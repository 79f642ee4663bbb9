// The handler over a store in memory, called with signed requests as the server would.

internal import Access
internal import HTTPServer
internal import HTTPTypes
internal import Logging
internal import NIOCore
internal import RegistryLayout
internal import S3API
internal import Storage
internal import Synchronization

struct FixedClock: WallClock {
    /// 2024-05-24T00:00:00Z, as the signer has it.
    func milliseconds() -> Int64 { 1_716_508_800_000 }
}

/// A body in pieces, that knows how much of it was read.
final class PiecewiseBody: RequestBodySource {
    private let rest: Mutex<ArraySlice<UInt8>>
    private let count: Int
    private let beforeEnd: @Sendable () async -> Void

    init(_ bytes: [UInt8], beforeEnd: @escaping @Sendable () async -> Void = {}) {
        rest = Mutex(bytes[...])
        count = bytes.count
        self.beforeEnd = beforeEnd
    }

    var bytesRead: Int { count - rest.withLock(\.count) }

    func next() async throws -> ByteBuffer? {
        guard let piece = piece() else {
            await beforeEnd()
            return nil
        }
        return piece
    }

    private func piece() -> ByteBuffer? {
        rest.withLock { rest in
            guard !rest.isEmpty else { return nil }
            // No power of two, so that chunks and their signatures are torn everywhere.
            let piece = rest.prefix(9973)
            rest = rest.dropFirst(9973)
            return ByteBuffer(bytes: piece)
        }
    }
}

struct Reply {
    let status: Int
    let fields: HTTPFields
    let body: String
    /// How much of the request's body was read.
    let bytesRead: Int

    var code: String? { body.contains("<Error>") ? element("Code") : nil }

    /// The text of the elements of this name, with its markup.
    func elements(_ name: String) -> [String] {
        body.split(separator: "<\(name)").dropFirst(body.hasPrefix("<\(name)") ? 0 : 1)
            .compactMap { rest in
                guard let first = rest.first, first == ">" || first == " ",
                    let start = rest.firstIndex(of: ">")
                else { return nil }
                let inner = rest[rest.index(after: start)...]
                return inner.firstRange(of: "</\(name)>").map {
                    Self.unescape(String(inner[..<$0.lowerBound]))
                }
            }
    }

    func element(_ name: String) -> String? { elements(name).first }

    var prefixes: [String] {
        elements("CommonPrefixes").map {
            String($0.replacing("<Prefix>", with: "").replacing("</Prefix>", with: ""))
        }
    }

    private static func unescape(_ text: String) -> String {
        text.replacing("&lt;", with: "<").replacing("&gt;", with: ">")
            .replacing("&quot;", with: "\"").replacing("&amp;", with: "&")
    }
}

final class TestServer: Sendable {
    let store: MemoryStore
    let handler: S3Handler
    let signer = ClientSigner()

    static func makeStore() -> MemoryStore {
        MemoryStore(
            region: RegionID(1), clock: FixedClock(), isRegionLocal: KeyRules.isRegionLocal)
    }

    init(
        store: MemoryStore, objects: (any ObjectStore)? = nil, uploads: (any UploadStore)? = nil,
        configuration: S3Configuration = S3Configuration(),
        logger: Logger = Logger(label: "s3") { _ in SwiftLogNoOpLogHandler() },
        credentials: (any CredentialSource)? = nil
    ) {
        self.store = store
        handler = S3Handler(
            objects: objects ?? store, blobs: store, uploads: uploads ?? store, versions: store,
            credentials: credentials
                ?? RootCredentials(accessKey: signer.accessKey, secret: signer.secret),
            clock: FixedClock(),
            configuration: configuration,
            logger: logger, usage: store.usage)
    }

    /// A server with one bucket, `bucket`.
    static func withBucket(
        store: MemoryStore = makeStore(), uploads: (any UploadStore)? = nil,
        _ limit: (inout S3Limits) -> Void = { _ in }
    ) async throws -> TestServer {
        var configuration = S3Configuration()
        limit(&configuration.limits)
        try await Buckets(objects: store, blobs: store).create("bucket")
        return TestServer(store: store, uploads: uploads, configuration: configuration)
    }

    func get(_ target: String, _ fields: HTTPFields = [:]) async -> Reply {
        await send(.get, target, "", fields)
    }

    func head(_ target: String, _ fields: HTTPFields = [:]) async -> Reply {
        await send(.head, target, "", fields)
    }

    func delete(_ target: String, _ fields: HTTPFields = [:]) async -> Reply {
        await send(.delete, target, "", fields)
    }

    func put(
        _ target: String, _ body: String, _ fields: HTTPFields = [:],
        mode: PayloadMode = .signed, sent: String? = nil, truncatedTo: Int? = nil,
        trailer: (String, String)? = nil, announcesLength: Bool = true
    ) async -> Reply {
        await send(
            .put, target, body, fields, mode: mode, sent: sent, truncatedTo: truncatedTo,
            trailer: trailer, announcesLength: announcesLength)
    }

    /// Signs and sends. `sent` is what really goes out in place of `body`; its end is kept back until `beforeEnd`
    /// is through.
    func send(
        _ method: HTTPRequest.Method, _ target: String, _ body: String = "",
        _ fields: HTTPFields = [:], mode: PayloadMode = .signed, sent: String? = nil,
        truncatedTo: Int? = nil, trailer: (String, String)? = nil, announcesLength: Bool = true,
        onStretch: (ByteBuffer) -> Void = { _ in },
        beforeEnd: @escaping @Sendable () async -> Void = {}
    ) async -> Reply {
        var fields = fields
        fields[.other("host")] = "localhost:9000"
        let bytes = Array(body.utf8)
        if mode.isChunked {
            fields[.decodedContentLength] = String(bytes.count)
            fields[.contentEncoding] = "aws-chunked"
            if mode.hasTrailer, let trailer { fields[.trailerName] = trailer.0 }
        }
        let payload = mode == .signed ? ClientSigner.hash(bytes) : mode.rawValue
        let signed = signer.sign(method.rawValue, target, fields, payload: payload)
        var wire = mode.encode(
            sent.map { Array($0.utf8) } ?? bytes, signer: signer, seed: signed.signature,
            trailer: trailer)
        let length = announcesLength ? UInt64(wire.count) : nil
        if let truncatedTo { wire = Array(wire.prefix(truncatedTo)) }
        return await sendRaw(
            method, target, signed.fields, wire, lengthBytes: length, onStretch: onStretch,
            beforeEnd: beforeEnd)
    }

    /// Sends a request as it is, with a `Content-Length` where it is a write of so many bytes, unless it is to say
    /// nothing of them.
    func sendRaw(
        _ method: HTTPRequest.Method, _ target: String, _ fields: HTTPFields, _ wire: [UInt8] = [],
        lengthBytes: UInt64? = 0, saysLength: Bool = true, authority: String? = nil,
        onStretch: (ByteBuffer) -> Void = { _ in },
        beforeEnd: @escaping @Sendable () async -> Void = {}
    ) async -> Reply {
        let source = PiecewiseBody(wire, beforeEnd: beforeEnd)
        var fields = fields
        if saysLength, let lengthBytes, method == .put || method == .post {
            fields[.contentLength] = String(lengthBytes)
        }
        let request = ServerRequest(
            head: HTTPRequest(
                method: method, scheme: nil, authority: authority, path: target,
                headerFields: fields),
            id: "0123456789abcdef", remoteAddress: "127.0.0.1",
            body: RequestBody(lengthBytes: lengthBytes, source: source))
        let response = await handler.respond(to: request)
        let body = await Self.collect(response.body, onStretch)
        return Reply(
            status: response.status.code, fields: response.fields, body: body,
            bytesRead: source.bytesRead)
    }

    private static func collect(
        _ body: ResponseBody, _ onStretch: (ByteBuffer) -> Void
    ) async -> String {
        switch body {
        case .none: return ""
        case .bytes(let bytes): return String(buffer: bytes)
        case .stream(let source, _):
            var result = ""
            do {
                while let part = try await source.next() {
                    guard case .bytes(let bytes) = part else { return result + "(a file)" }
                    result += String(buffer: bytes)
                    onStretch(bytes)
                }
            } catch {
                result += "(\(error))"
            }
            return result
        }
    }
}

extension HTTPField.Name {
    static func other(_ name: String) -> HTTPField.Name {
        guard let result = HTTPField.Name(name) else { preconditionFailure("no name: \(name)") }
        return result
    }

    static func meta(_ name: String) -> HTTPField.Name { other("x-amz-meta-" + name) }
}
