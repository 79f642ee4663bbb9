// What browsers ask before a page of another origin may send a request, and what they want to be told with
// the answer (WHATWG Fetch, "CORS protocol"; Amazon S3 User Guide, "How does Amazon S3 evaluate the CORS
// configuration on a bucket?"). Who asks is not authenticated; the request that follows is.

internal import HTTPServer
internal import HTTPTypes
internal import Storage

extension S3Handler {
    /// The answer to OPTIONS. Throws `BadRequest` for a question that is none, `AccessForbidden` for what the
    /// bucket does not allow.
    func preflight(_ request: ServerRequest) async throws -> ServerResponse {
        let asked = request.head.headerFields
        guard let origin = asked[.origin] else {
            throw S3Error(
                .badRequest, "Insufficient information. Origin request header needed.")
        }
        guard let method = asked[.accessControlRequestMethod] else {
            throw S3Error(.badRequest, "Invalid Access-Control-Request-Method: null")
        }
        let fields = Self.names(asked[.accessControlRequestHeaders] ?? "")
        guard let configuration = try await crossOrigin(request) else {
            throw S3Error(
                .accessForbidden, "CORSResponse: CORS is not enabled for this bucket.")
        }
        guard let rule = configuration.rule(origin: origin, method: method, fields: fields) else {
            throw S3Error(
                .accessForbidden,
                "CORSResponse: This CORS request is not allowed. This is usually because the "
                    + "evaluation of Origin, request method / Access-Control-Request-Method or "
                    + "Access-Control-Request-Headers are not whitelisted by the resource's CORS "
                    + "spec.")
        }
        var answer = rule.fields(for: origin)
        if !fields.isEmpty {
            answer[.accessControlAllowHeaders] = fields.joined(separator: ", ")
        }
        return ServerResponse(status: .ok, fields: answer)
    }

    /// What goes with the answer to a request that a page of another origin made; nothing where no rule allows
    /// it, so that the page does not get to see the answer.
    func crossOriginFields(_ request: ServerRequest) async -> HTTPFields {
        guard let origin = request.head.headerFields[.origin] else { return [:] }
        let method = request.head.method.rawValue
        do {
            let configuration = try await crossOrigin(request)
            return configuration?.rule(origin: origin, method: method)?.fields(for: origin) ?? [:]
        } catch {
            log(S3Error(any: error), request)
            return [:]
        }
    }

    /// The configuration of the bucket that a request names, whoever sent it.
    private func crossOrigin(_ request: ServerRequest) async throws -> CORSConfiguration? {
        let bucket = try target(request).bucket
        guard let bucket, BucketName.isValid(bucket) else { return nil }
        return try await cors.value(of: bucket)
    }

    private static func names(_ list: String) -> [String] {
        list.split(separator: ",").map { name in
            String(name.drop { $0 == " " }.prefix { $0 != " " }).lowercased()
        }
    }
}

extension CORSRule {
    /// What the rule has every answer say.
    fileprivate func fields(for origin: String) -> HTTPFields {
        var fields: HTTPFields = [
            .accessControlAllowOrigin: isForEveryone ? "*" : origin,
            .accessControlAllowMethods: methods.joined(separator: ", "),
            // A cache must not give one origin the answer that was made for another.
            .vary: "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
        ]
        if !isForEveryone { fields[.accessControlAllowCredentials] = "true" }
        if !exposedFields.isEmpty {
            fields[.accessControlExposeHeaders] = exposedFields.joined(separator: ", ")
        }
        if let maxAgeSeconds { fields[.accessControlMaxAge] = String(maxAgeSeconds) }
        return fields
    }
}
