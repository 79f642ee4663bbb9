// GetObject and HeadObject: one look-up, the conditions, the range, the bytes. What is in memory is answered
// without leaving the event loop.

internal import Access
internal import HTTPServer
internal import HTTPTypes
internal import NIOCore
internal import Storage
internal import Synchronization

extension S3Handler {
    func getObject(_ request: S3Request) async throws -> ServerResponse {
        let found = try await find(request)
        var (response, range) = try ObjectSelection.response(
            to: request, found, nowMilliseconds: clock.milliseconds())
        let lengthBytes = range.upperBound - range.lowerBound
        guard lengthBytes > 0 else {
            response.body = .bytes(ByteBuffer())
            return response
        }
        let blob = found.content.blob
        let source = try await blobs.read(blob, range: range)
        // The first stretch is read before the head is sent, so that damage has its own answer.
        guard let first = try await source.next() else {
            throw StorageError(.damaged, "blob \(blob) ended before its first byte")
        }
        response.body = .segments(first, then: source, lengthBytes: lengthBytes)
        return response
    }

    func headObject(_ request: S3Request) async throws -> ServerResponse {
        let found = try await find(request)
        var (response, range) = try ObjectSelection.response(
            to: request, found, nowMilliseconds: clock.milliseconds())
        response.fields[.contentLength] = String(range.upperBound - range.lowerBound)
        return response
    }
}

/// Which bytes of an object a request gets, and under which head.
enum ObjectSelection {
    /// The answer without its body, and the range of the body. Throws `PreconditionFailed`, `NotModified`,
    /// `InvalidRange`.
    static func response(
        to request: S3Request, _ found: FoundObject, nowMilliseconds: Int64
    ) throws(S3Error) -> (ServerResponse, Range<UInt64>) {
        try checkConditions(request.fields, found, nowMilliseconds)
        let content = found.content
        var response = ServerResponse(
            status: .ok, fields: try HTTPFields(content, overrides: request.query))
        response.fields[.versionID] = found.id
        let whole = 0..<content.sizeBytes
        let part = try part(request, content, &response.fields)
        let ranged = try range(request.fields, content)
        guard let range = part ?? ranged else {
            if request.fields[.checksumMode]?.uppercased() == "ENABLED" {
                response.fields.set(content.checksum, parts: content.partSizes.count)
            }
            return (response, whole)
        }
        // No Content-Range can tell of nothing: an empty part is a whole answer without bytes.
        guard !range.isEmpty else { return (response, range) }
        response.status = .partialContent
        response.fields[.contentRange] =
            "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(content.sizeBytes)"
        return (response, range)
    }

    private static func checkConditions(
        _ fields: HTTPFields, _ found: FoundObject, _ nowMilliseconds: Int64
    ) throws(S3Error) {
        let content = found.content
        switch ReadConditions(fields, nowMilliseconds: nowMilliseconds)?.evaluate(content) {
        case nil, .holds: return
        case .failed(let condition): throw .preconditionFailed(condition)
        case .notModified:
            // RFC 9110 section 15.4.5: what a 200 would say of caching.
            var known: HTTPFields = [
                .eTag: ETags.quoted(content.etag), .lastModified: content.lastModifiedText,
            ]
            known[.cacheControl] = content.headers.cacheControl
            known[.expires] = content.headers.expires
            known[.versionID] = found.id
            throw S3Error(.notModified, "").with(known)
        }
    }

    /// `nil` where the whole object is asked for.
    private static func range(
        _ fields: HTTPFields, _ content: ObjectContent
    ) throws(S3Error) -> Range<UInt64>? {
        guard let text = fields[.range], let range = ByteRange(text),
            ifRangeHolds(fields, content)
        else { return nil }
        guard let resolved = range.resolve(sizeBytes: content.sizeBytes) else {
            throw .invalidRange(text, sizeBytes: content.sizeBytes)
        }
        return resolved
    }

    /// RFC 9110 section 13.1.5: a range of another representation is of no use.
    private static func ifRangeHolds(_ fields: HTTPFields, _ content: ObjectContent) -> Bool {
        guard let text = fields[.ifRange] else { return true }
        if let date = CalendarDate.parseHTTP(text) {
            return date == content.lastModifiedMilliseconds / 1000 * 1000
        }
        return ETags.unquoted(text) == content.etag
    }

    /// The bytes of the part that `partNumber` names; `nil` where it names none.
    private static func part(
        _ request: S3Request, _ content: ObjectContent, _ fields: inout HTTPFields
    ) throws(S3Error) -> Range<UInt64>? {
        guard let text = request.query["partNumber"] else { return nil }
        guard !request.fields.contains(.range) else {
            throw S3Error(
                .invalidRequest,
                "Cannot specify both Range header and partNumber query parameter.")
        }
        guard let number = Int(text), (1...request.limits.parts).contains(number) else {
            throw .invalidPartNumberArgument(text)
        }
        let sizes = content.partSizes.isEmpty ? [content.sizeBytes] : content.partSizes
        guard number <= sizes.count else {
            throw S3Error(
                .invalidPartNumber, "The requested partnumber is not satisfiable"
            )
            .with("ActualPartCount", String(sizes.count))
        }
        if !content.partSizes.isEmpty { fields[.partsCount] = String(sizes.count) }
        let start = sizes[..<(number - 1)].reduce(0, +)
        return start..<start + sizes[number - 1]
    }
}

extension S3Error {
    static func invalidRange(_ asked: String, sizeBytes: UInt64) -> S3Error {
        S3Error(.invalidRange, "The requested range is not satisfiable")
            .with("RangeRequested", asked)
            .with("ActualObjectSize", String(sizeBytes))
            .with([.contentRange: "bytes */\(sizeBytes)"])
    }

    static func invalidPartNumberArgument(_ text: String) -> S3Error {
        .invalidArgument(
            "partNumber", text,
            "Part number must be an integer between 1 and 10000, inclusive")
    }
}

extension ResponseBody {
    /// A body whose first segment is here.
    fileprivate static func segments(
        _ first: Segment, then source: any SegmentSource, lengthBytes: UInt64
    ) -> ResponseBody {
        if case .bytes(let bytes) = first, UInt64(bytes.readableBytes) == lengthBytes {
            return .bytes(bytes)
        }
        return .stream(SegmentBody(first, then: source), lengthBytes: lengthBytes)
    }
}

/// The segments of a read as parts of a response.
private final class SegmentBody: ResponseSource {
    private let first: Mutex<Segment?>
    private let source: any SegmentSource

    init(_ first: Segment, then source: any SegmentSource) {
        self.first = Mutex(first)
        self.source = source
    }

    func next() async throws -> ResponsePart? {
        let first = first.withLock { $0.take() }
        guard let segment = if let first { first } else { try await source.next() } else {
            return nil
        }
        switch segment {
        case .bytes(let bytes): return .bytes(bytes)
        case .file(let file):
            return .file(
                FileRegionPart(
                    descriptor: file.descriptor, offsetBytes: file.offsetBytes,
                    lengthBytes: file.lengthBytes, lease: file.lease))
        }
    }
}
