// One request of the storage driver API, parsed: which call, of which bucket, with which parameters. The body
// is still on the wire.

internal import Access
internal import HTTPServer
internal import HTTPTypes
internal import NativeWire
internal import Storage

/// What a target names.
struct DriverTarget: Sendable {
    let call: DriverCall
    let bucket: String
    let writer: UploadID?
    private let values: [DriverParameter: String]

    /// Throws `noSuchCall`, `methodNotAllowed`, or `invalidRequest` for parameters that the call does not have,
    /// has twice, or lacks.
    init(method: String, target: String) throws(DriverError) {
        let halves = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let calls = DriverCall.calls(at: halves[0])
        guard let call = calls.first(where: { $0.method == method }) else {
            throw DriverError(
                calls.isEmpty ? .noSuchCall : .methodNotAllowed,
                "\(method) of this path is no call")
        }
        let segments = halves[0].dropFirst(DriverCall.prefix.count).split(separator: "/")
        guard segments.count == (call.namesWriter ? 3 : 2) else {
            throw DriverError(.noSuchCall, "this path names no bucket, or no writer")
        }
        self.call = call
        bucket = String(segments[0])
        writer = call.namesWriter ? UploadID(String(segments[2])) : nil
        values = try Self.values(of: call, query: halves.count == 2 ? halves[1] : "")
    }

    private static func values(
        of call: DriverCall, query: Substring
    ) throws(DriverError) -> [DriverParameter: String] {
        var values: [DriverParameter: String] = [:]
        for pair in query.split(separator: "&") {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            // What signs a URL is verified elsewhere.
            guard !halves[0].hasPrefix("X-Amz-") else { continue }
            guard let parameter = DriverParameter(rawValue: String(halves[0])),
                call.parameters.contains(parameter), halves.count == 2, values[parameter] == nil,
                let value = PercentCoding.decodeText(Array(halves[1].utf8)[...], plusIsSpace: true)
            else { throw invalid("“\(pair)” is no parameter of this call, or there twice") }
            values[parameter] = value
        }
        for parameter in call.parameters
        where parameter.isRequired(by: call) && values[parameter] == nil {
            throw invalid("the parameter “\(parameter.rawValue)” is missing")
        }
        return values
    }

    static func invalid(_ message: String) -> DriverError { DriverError(.invalidRequest, message) }

    // MARK: Parameters

    func path(_ parameter: DriverParameter = .path) throws(DriverError) -> DriverPath {
        try DriverPath(values[parameter] ?? "")
    }

    func optionalPath(_ parameter: DriverParameter) throws(DriverError) -> DriverPath? {
        try values[parameter].map { value throws(DriverError) in try DriverPath(value) }
    }

    /// Of the call's first path, where it is a file; for the log and the key's rights.
    var key: ObjectKey? {
        (try? DriverPath(values[.path] ?? values[.from] ?? ""))?.key
    }

    /// What the keys below the call's path begin with.
    var keyPrefix: ObjectKey? { (try? path())?.keyPrefix }

    func number<Number: FixedWidthInteger>(
        _ parameter: DriverParameter, as type: Number.Type = Number.self
    ) throws(DriverError) -> Number? {
        guard let text = values[parameter] else { return nil }
        guard let number = Number(text) else {
            throw Self.invalid("“\(parameter.rawValue)” is no number that this call takes")
        }
        return number
    }

    /// Entries of a page.
    var limit: Int {
        get throws(DriverError) {
            let limit = try number(.limit, as: Int.self) ?? DriverLimits.pageEntries
            guard limit > 0 else { throw Self.invalid("a page has at least one entry") }
            return min(limit, DriverLimits.pageEntries)
        }
    }

    var appends: Bool {
        get throws(DriverError) {
            switch values[.append] {
            case nil, "false": return false
            case "true": return true
            case let other?: throw Self.invalid("“\(other)” is neither true nor false")
            }
        }
    }

    var digest: ContentDigest? {
        get throws(DriverError) {
            try values[.digest].map { text throws(DriverError) in
                guard let digest = ContentDigest(text) else {
                    throw Self.invalid("“\(text)” is no digest")
                }
                return digest
            }
        }
    }

    /// Throws `unsupported` for what nobody is redirected by.
    var redirectMethod: RedirectMethod {
        get throws(DriverError) {
            guard let text = values[.method] else { return .get }
            guard let method = RedirectMethod(rawValue: text) else {
                throw DriverError(.unsupported, "nobody is redirected for \(text)")
            }
            return method
        }
    }
}

/// A request of somebody who may make it.
struct DriverRequest: Sendable {
    let server: ServerRequest
    let target: DriverTarget
    let verified: VerifiedRequest
    let driver: StoreDriver

    /// What is known of the body before it is read. Throws `limitExceeded`, `invalidRequest`.
    func promise(limitBytes: UInt64) throws(DriverError) -> BodyPromise {
        var promise = BodyPromise(
            sizeBytes: server.body.lengthBytes, digests: try target.digest.map { [$0] } ?? [])
        if let length = server.body.lengthBytes, length > limitBytes {
            throw DriverError(.limitExceeded, "a body of more than \(limitBytes) bytes")
        }
        switch verified.payload {
        case .unsigned: break
        case .hashed(let hash):
            guard let digest = ContentDigest(.sha256, bytes: hash) else {
                preconditionFailure("a signed hash has 32 bytes")
            }
            promise.digests.append(digest)
        case .chunked:
            throw DriverTarget.invalid(
                "a body that is signed in chunks is not taken here; sign its SHA-256, or"
                    + " UNSIGNED-PAYLOAD")
        }
        return promise
    }

    /// The body as it arrives, up to a limit.
    func body(limitBytes: UInt64) -> any ByteSource {
        LimitedBody(server.body.source, limitBytes: limitBytes)
    }
}
