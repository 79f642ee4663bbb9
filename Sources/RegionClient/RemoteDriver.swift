// The storage driver of a bucket in a region that is reached over HTTP. Every call is one of that API's; what it
// refuses is thrown here as the same error.

package import Access
internal import NIOCore
internal import NativeWire
internal import Replication
package import Storage

package struct RemoteDriver: StorageDriver {
    let calls: DriverCalls
    /// What `write` collects before it sends.
    let pieceBytes: Int

    /// Throws `bucketNotFound` for what cannot be a bucket's name.
    package init(
        url: PeerURL, bucket: String, signer: RequestSigner, client: HTTPClient,
        clock: any WallClock, pieceBytes: Int = 8 << 20
    ) throws(DriverError) {
        guard BucketName.isValid(bucket) else {
            throw DriverError(.bucketNotFound, "“\(bucket)” is no name of a bucket")
        }
        calls = DriverCalls(url: url, bucket: bucket, signer: signer, client: client, clock: clock)
        self.pieceBytes = pieceBytes
    }

    package func reader(
        _ path: DriverPath, offset: Int64, length: UInt64?
    ) async throws -> FileReader {
        var values = [(DriverParameter.path, path.text), (.offset, String(offset))]
        if let length { values.append((.length, String(length))) }
        let answer = try await calls.send(.readContent, values, as: .stream)
        guard let size = answer.head[DriverCall.sizeField].flatMap({ UInt64($0) }),
            let lengthBytes = answer.head.contentLength
        else { throw DriverError(.failed, "the answer does not say how many bytes it has") }
        return FileReader(
            sizeBytes: size, lengthBytes: lengthBytes, source: RemoteSegments(answer.body))
    }

    package func putContent(
        _ path: DriverPath, _ content: any ByteSource, promise: BodyPromise
    ) async throws -> FileInfo {
        let document: FileDocument = try await calls.document(
            .putContent, [(.path, path.text)] + promise.parameters,
            body: .stream(content, promise))
        return try document.file
    }

    package func writer(
        _ path: DriverPath, _ start: WriterStart
    ) async throws -> any FileWriter {
        let document: WriterDocument =
            switch start {
            case .new: try await calls.document(.openWriter, [(.path, path.text)])
            case .append:
                try await calls.document(.openWriter, [(.path, path.text), (.append, "true")])
            case .resume(let id):
                try await calls.document(.statWriter, writer: id, [(.path, path.text)])
            }
        return RemoteWriter(
            calls: calls, path: path, id: UploadID(document.id), sizeBytes: document.sizeBytes,
            pieceBytes: pieceBytes)
    }

    package func stat(_ path: DriverPath) async throws -> FileInfo {
        try await calls.document(.stat, [(.path, path.text)], as: FileDocument.self).file
    }

    package func list(
        _ path: DriverPath, after: DriverPath?, limit: Int
    ) async throws -> FilePage {
        var values = [(DriverParameter.path, path.text), (.limit, String(limit))]
        if let after { values.append((.after, after.text)) }
        return try await calls.document(.list, values, as: FilePageDocument.self).page
    }

    package func walk(
        _ path: DriverPath, from start: WalkStart, limit: Int
    ) async throws -> FilePage {
        var values = [(DriverParameter.path, path.text), (.limit, String(limit))]
        switch start {
        case .beginning: break
        case .after(let after): values.append((.after, after.text))
        case .behind(let behind): values.append((.behind, behind.text))
        }
        return try await calls.document(.walk, values, as: FilePageDocument.self).page
    }

    package func move(_ source: DriverPath, to destination: DriverPath) async throws {
        try await calls.perform(.move, [(.from, source.text), (.to, destination.text)])
    }

    package func delete(_ path: DriverPath) async throws {
        try await calls.perform(.delete, [(.path, path.text)])
    }

    package func redirect(_ path: DriverPath, _ method: RedirectMethod) async throws -> String? {
        let document: RedirectDocument = try await calls.document(
            .redirect, [(.path, path.text), (.method, method.rawValue)])
        return document.url.map { calls.url.url(of: $0) }
    }
}

extension BodyPromise {
    /// The digest that a call takes; a second one, or a promise of another kind, is none that is kept here.
    fileprivate var parameters: [(DriverParameter, String)] {
        digests.prefix(1).map { (.digest, $0.description) }
    }
}

/// The body of an answer as the segments of a file.
private final class RemoteSegments: SegmentSource {
    private let body: any ByteSource

    init(_ body: any ByteSource) { self.body = body }

    func next() async throws -> Segment? {
        do {
            return try await body.next().map(Segment.bytes)
        } catch let error as TransportError {
            throw DriverError(error)
        }
    }
}
