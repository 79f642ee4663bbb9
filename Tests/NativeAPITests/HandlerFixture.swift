// A handler asked without a server: requests are made by hand, bodies tell whether they were read.

import Access
import Checksums
import HTTPServer
import HTTPTypes
import Logging
import NIOCore
import NativeAPI
import NativeWire
import Replication
import Storage
import Synchronization
import Testing

struct FixedClock: WallClock {
    var now: Int64 = 1_800_000_000_000

    func milliseconds() -> Int64 { now }
}

/// A body that remembers whether anybody asked for it.
final class WatchedBody: RequestBodySource {
    private let rest: Mutex<ByteBuffer?>

    init(_ bytes: ByteBuffer) { rest = Mutex(bytes) }

    var wasRead: Bool { rest.withLock { $0 == nil } }

    func next() async throws -> ByteBuffer? {
        rest.withLock { bytes in
            defer { bytes = nil }
            return bytes
        }
    }
}

struct HandlerFixture: Sendable {
    static let peer = RegionID(0xA)
    static let own = RegionID(0xB)
    static let now: Int64 = 1_800_000_000_000

    let store: MemoryStore
    let handler: PeerHandler
    let key: PeerKey

    static var silent: Logger {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return logger
    }

    init(blobs: (any BlobStore)? = nil) async throws {
        let store = MemoryStore(region: Self.own, clock: FixedClock()) {
            $0.key.hasPrefix("local/")
        }
        let key = try #require(PeerKey(secret: [1, 2, 3]))
        self.store = store
        self.key = key
        handler = PeerHandler(
            region: Self.own,
            answers: RegionAnswers(
                name: "b", feed: store, blobs: blobs ?? store, clock: FixedClock()),
            blobs: blobs ?? store, confirmed: ConfirmedPositions(clock: FixedClock()),
            clock: FixedClock(), logger: Self.silent,
            keys: { $0 == Self.peer ? key : nil })
        try await Buckets(objects: store, blobs: store).create("registry")
    }

    /// An answer to a call that is signed as it should be, unless told otherwise.
    func ask(
        _ call: PeerCall, _ body: ByteBuffer = ByteBuffer(), nonce: UInt64 = 1,
        method: HTTPRequest.Method? = nil
    ) async -> ServerResponse {
        await ask(
            target: call.target, method: method ?? (call.isDocument ? .post : .get), body,
            nonce: nonce)
    }

    func ask(
        target: String, method: HTTPRequest.Method, _ body: ByteBuffer, nonce: UInt64 = 1
    ) async -> ServerResponse {
        await handler.respond(
            to: Self.request(
                target: target, method: method, body: WatchedBody(body), length: body.readableBytes,
                authorization: signature(
                    target: target, method: method, body: body, nonce: nonce
                ).headerValue))
    }

    func signature(
        target: String, method: HTTPRequest.Method, body: ByteBuffer, nonce: UInt64 = 1,
        addressee: RegionID = Self.own
    ) -> PeerSignature {
        key.sign(
            method: method.rawValue, target: target,
            bodySHA256: MessageDigest.hash(.sha256, body), region: Self.peer,
            addressee: target == PeerCall.handshake.target ? nil : addressee,
            timestampMilliseconds: Self.now, nonce: PeerNonce(high: 0, low: nonce))
    }

    static func request(
        target: String, method: HTTPRequest.Method = .get,
        body: WatchedBody = WatchedBody(ByteBuffer()),
        length: Int? = 0, authorization: String? = nil
    ) -> ServerRequest {
        var head = HTTPRequest(method: method, scheme: "http", authority: "b", path: target)
        head.headerFields[.authorization] = authorization
        return ServerRequest(
            head: head, id: "00000000000000ff", remoteAddress: "127.0.0.1",
            body: RequestBody(lengthBytes: length.map(UInt64.init), source: body))
    }
}

extension ServerResponse {
    /// The body, whichever way it goes out.
    func collected() async throws -> ByteBuffer {
        switch body {
        case .none: return ByteBuffer()
        case .bytes(let bytes): return bytes
        case .stream(let source, let length):
            var result = ByteBuffer()
            while let part = try await source.next() {
                guard case .bytes(var bytes) = part else { continue }
                result.writeBuffer(&bytes)
            }
            #expect(length == UInt64(result.readableBytes))
            return result
        }
    }

    func error() async throws -> ErrorDocument {
        try JSONDocument.decode(from: try await collected())
    }

    var signature: String? {
        HTTPField.Name(PeerAnswerSignature.headerName).flatMap { fields[$0] }
    }
}

/// For handlers that are not asked to bring anything back.
struct NoRollback: Rollback {
    func name(of subject: HistorySubject) async throws -> ObjectName {
        switch subject {
        case .name(let name): return name
        case .tag(let bucket, let repository, let tag):
            return ObjectName(bucket: bucket, key: ObjectKey("\(repository)/\(tag)"))
        }
    }

    func digest(namedBy version: ObjectVersion) async throws -> ContentDigest? { nil }

    func rollBack(
        _ subject: HistorySubject, to target: RollbackTarget, isDryRun: Bool
    ) async throws -> RollbackReport {
        throw StorageError(.noSuchKey, "“\(subject)” is gone")
    }
}
