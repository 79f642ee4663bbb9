// The storage driver API over HTTP: who asks is verified as S3 verifies, per bucket; then the call is done by the
// bucket's driver. A refusal on the way does not read the body.

package import Access
package import HTTPServer
internal import HTTPTypes
package import Logging
internal import NIOCore
internal import NativeWire
package import Storage

/// Answers what is under `DriverCall.prefix`.
package struct DriverHandler: RequestHandler {
    /// Of a body that becomes a file, or a piece of one, in one request.
    package static let bodyBytes: UInt64 = 5 << 30

    let stores: DriverStores
    let credentials: any CredentialSource
    private let verifier: RequestVerifier
    let clock: any WallClock
    let redirects: @Sendable (Int) -> Bool
    private let logger: Logger

    /// `redirects` says whether clients may be sent on to S3 at the listener of that number.
    package init(
        stores: DriverStores, credentials: any CredentialSource, clock: any WallClock,
        logger: Logger, redirects: @escaping @Sendable (Int) -> Bool = { _ in true }
    ) {
        self.stores = stores
        self.credentials = credentials
        // A further form of key, such as a bearer's, is one more case of the verifier's.
        verifier = RequestVerifier(credentials: credentials)
        self.clock = clock
        self.redirects = redirects
        self.logger = logger
    }

    package func respond(to request: ServerRequest) async -> ServerResponse {
        var response: ServerResponse
        do {
            response = try await answer(request)
        } catch {
            let refusal = DriverError(any: error)
            log(refusal, request)
            response = .refusal(refusal, to: request)
        }
        response.fields[Self.requestID] = request.id
        return response
    }

    private func answer(_ request: ServerRequest) async throws -> ServerResponse {
        let path = request.head.path ?? ""
        if path == DriverCall.document {
            request.trace.note(operation: "DriverDocument")
            return try openAPI(request)
        }
        let target = try DriverTarget(method: request.head.method.rawValue, target: path)
        request.trace.note(
            operation: target.call.label,
            resource: target.bucket + "/" + (target.key?.string ?? ""))
        let verified = try await admit(request, target)
        let driver = try StoreDriver(
            stores, bucket: target.bucket,
            user: Writer(principal: verified.principal.name, requestID: request.id),
            sign: signer(request, verified))
        return try await perform(
            DriverRequest(server: request, target: target, verified: verified, driver: driver))
    }

    private func openAPI(_ request: ServerRequest) throws -> ServerResponse {
        guard request.head.method == .get else {
            throw DriverError(.methodNotAllowed, "the document is read by GET")
        }
        return .document(
            .ok, type: DriverCall.documentType, try JSONDocument.encode(OpenAPIDocument.whole))
    }

    private func admit(
        _ request: ServerRequest, _ target: DriverTarget
    ) async throws -> VerifiedRequest {
        let signed = PlainRequest(
            method: request.head.method.rawValue, target: request.head.path ?? "",
            authority: request.head.authority,
            headers: request.head.headerFields.map {
                PlainHeader($0.name.canonicalName, $0.value)
            })
        guard
            let verified = try await verifier.verify(
                signed, nowMilliseconds: clock.milliseconds())
        else { throw AccessError(.missingAuthentication, "the request is not signed") }
        request.trace.note(principal: verified.principal.name)
        for (action, key) in target.rights {
            try verified.principal.require(action, bucket: target.bucket, key: key)
        }
        try HeaderRules.check(request.head.headerFields, of: target.call)
        return verified
    }

    private func perform(_ request: DriverRequest) async throws -> ServerResponse {
        switch request.target.call {
        case .readContent: try await readContent(request)
        case .putContent: try await putContent(request)
        case .delete: try await delete(request)
        case .stat: try await stat(request)
        case .list: try await list(request)
        case .walk: try await walk(request)
        case .move: try await move(request)
        case .redirect: try await redirect(request)
        case .openWriter: try await openWriter(request)
        case .statWriter: try await statWriter(request)
        case .append: try await append(request)
        case .commit: try await commit(request)
        case .cancel: try await cancel(request)
        }
    }

    /// What is our fault goes into the log with its cause; the rest is the client's business.
    private func log(_ error: DriverError, _ request: ServerRequest) {
        let isOurs = error.code.status.code >= 500 && !(error.cause is CancellationError)
        let level: Logger.Level = isOurs ? .error : .debug
        logger.log(
            level: level, "\(error.code.rawValue): \(error.message)",
            metadata: [
                "request": "\(request.id)",
                "cause": "\(error.cause.map { String(describing: $0) } ?? "none")",
            ])
    }

    private static let requestID: HTTPField.Name = {
        guard let name = HTTPField.Name("x-request-id") else {
            preconditionFailure("“x-request-id” is no field name")
        }
        return name
    }()
}

extension DriverCall {
    /// For logs.
    var label: String { "Driver" + rawValue.prefix(1).uppercased() + rawValue.dropFirst() }
}

extension DriverTarget {
    /// What a key must be allowed to do, and to what. A path that is none is refused as such later.
    fileprivate var rights: [(action: Action, key: ObjectKey?)] {
        switch call {
        case .readContent, .redirect: [(.read, key)]
        // That the bucket is there, the root says. What else is needed depends on what the path turns out to be.
        case .stat: [(.find, nil)]
        case .list, .walk: [(.list, keyPrefix)]
        case .putContent, .openWriter, .statWriter, .append, .commit, .cancel: [(.write, key)]
        // What lies below is deleted as well, and its keys begin with this one.
        case .delete: [(.delete, key)]
        case .move:
            [
                (.read, key), (.delete, key),
                (.write, (try? path(.to))?.key),
            ]
        }
    }
}
