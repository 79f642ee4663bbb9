// The calls about files and directories.

internal import Access
internal import HTTPServer
internal import HTTPTypes
internal import NIOCore
internal import NativeWire
internal import Storage

extension DriverHandler {
    func readContent(_ request: DriverRequest) async throws -> ServerResponse {
        let reader = try await request.driver.reader(
            request.target.path(), offset: try request.target.number(.offset) ?? 0,
            length: try request.target.number(.length))
        var response = ServerResponse(
            status: .ok, fields: [.contentType: DriverCall.contentType, .cacheControl: "no-store"])
        response.fields[Self.fileSize] = String(reader.sizeBytes)
        guard reader.lengthBytes > 0 else {
            response.body = .bytes(ByteBuffer())
            return response
        }
        // The first stretch is read before the head is sent, so that damage has its own answer.
        guard let first = try await DriverError.mapping({ try await reader.source.next() }) else {
            throw DriverError(.damaged, "the file ended before its first byte")
        }
        response.body = .stream(
            SegmentResponse(reader.source, first: first), lengthBytes: reader.lengthBytes)
        return response
    }

    func putContent(_ request: DriverRequest) async throws -> ServerResponse {
        let path = try request.target.path()
        let file = try await request.driver.putContent(
            path, request.body(limitBytes: Self.bodyBytes),
            promise: try request.promise(limitBytes: Self.bodyBytes))
        return try .json(.ok, FileDocument(file))
    }

    func delete(_ request: DriverRequest) async throws -> ServerResponse {
        try await request.driver.delete(request.target.path())
        return ServerResponse(status: .noContent)
    }

    /// Of a file, to who may read it or list it; of a directory, and that nothing is there, to who may list. The root
    /// is there for everyone with a key of the bucket: fronts ask for it to see whether they are well.
    func stat(_ request: DriverRequest) async throws -> ServerResponse {
        let path = try request.target.path()
        guard !path.isRoot else {
            return try .json(.ok, FileDocument(try await request.driver.stat(path)))
        }
        let (principal, bucket) = (request.verified.principal, request.target.bucket)
        func requireList() throws(AccessError) {
            try principal.require(.list, bucket: bucket, key: path.keyPrefix)
        }
        // Who may do neither learns nothing.
        if !principal.policy.allows(.read, bucket: bucket, key: path.key) { try requireList() }
        do {
            let file = try await request.driver.stat(path)
            if file.isDirectory {
                try requireList()
            } else if !principal.policy.allows(.read, bucket: bucket, key: path.key) {
                try principal.require(.list, bucket: bucket, key: path.key)
            }
            return try .json(.ok, FileDocument(file))
        } catch let error as DriverError where error.code == .pathNotFound {
            try requireList()
            throw error
        }
    }

    func list(_ request: DriverRequest) async throws -> ServerResponse {
        let target = request.target
        let page = try await request.driver.list(
            target.path(), after: try target.optionalPath(.after), limit: try target.limit)
        return try .json(.ok, FilePageDocument(page))
    }

    func walk(_ request: DriverRequest) async throws -> ServerResponse {
        let target = request.target
        let start: WalkStart =
            switch (try target.optionalPath(.after), try target.optionalPath(.behind)) {
            case (nil, nil): .beginning
            case (let after?, nil): .after(after)
            case (nil, let behind?): .behind(behind)
            case (.some, .some):
                throw DriverTarget.invalid("a walk begins after a path or behind it, not both")
            }
        let page = try await request.driver.walk(
            target.path(), from: start, limit: try target.limit)
        return try .json(.ok, FilePageDocument(page))
    }

    func move(_ request: DriverRequest) async throws -> ServerResponse {
        try await request.driver.move(
            request.target.path(.from), to: try request.target.path(.to))
        return ServerResponse(status: .noContent)
    }

    func redirect(_ request: DriverRequest) async throws -> ServerResponse {
        let url = try await request.driver.redirect(
            request.target.path(), try request.target.redirectMethod)
        return try .json(.ok, RedirectDocument(url: url))
    }

    /// Signs URLs of S3 by the key that asks, so that they can do what it can and end with it. They are relative:
    /// whoever asked knows by which scheme it came, and the signature covers the host that it named.
    func signer(_ request: ServerRequest, _ verified: VerifiedRequest) -> StoreDriver.Sign? {
        guard redirects(request.listener), let accessKey = verified.accessKey,
            let host = request.head.authority
        else { return nil }
        return { [credentials, clock] name, method in
            guard let credential = try await credentials.credential(for: accessKey) else {
                return nil
            }
            let path = "/" + name.bucket + "/" + name.key.string
            return try RequestSigner(accessKey: accessKey, secret: credential.secret).presign(
                PlainRequest(
                    method: method.rawValue, path: path, headers: [PlainHeader("host", host)]),
                lifeSeconds: Self.redirectSeconds, at: clock.milliseconds() / 1000)
        }
    }

    /// As long as CNCF Distribution's s3 driver gives (s3.go, RedirectURL).
    private static let redirectSeconds: Int64 = 1200

    private static let fileSize: HTTPField.Name = {
        guard let name = HTTPField.Name(DriverCall.sizeField) else {
            preconditionFailure("“\(DriverCall.sizeField)” is no field name")
        }
        return name
    }()
}
