// The calls about files being written. Between two of them nobody has the writer: its id and the store are all
// there is of it, so it outlives client and daemon.

internal import HTTPServer
internal import HTTPTypes
internal import NativeWire
internal import Storage

extension DriverHandler {
    func openWriter(_ request: DriverRequest) async throws -> ServerResponse {
        let path = try request.target.path()
        let writer = try await request.driver.writer(
            path, try request.target.appends ? .append : .new)
        return try .json(
            .created, WriterDocument(id: writer.id, path: path, sizeBytes: writer.sizeBytes))
    }

    func statWriter(_ request: DriverRequest) async throws -> ServerResponse {
        let (path, writer) = try await writer(request)
        return try .json(
            .ok, WriterDocument(id: writer.id, path: path, sizeBytes: writer.sizeBytes))
    }

    /// All of the body is taken, or nothing.
    func append(_ request: DriverRequest) async throws -> ServerResponse {
        let promise = try request.promise(limitBytes: Self.bodyBytes)
        let (path, writer) = try await writer(request)
        let offset = try request.target.number(.offset, as: Int64.self) ?? 0
        guard UInt64(exactly: offset) == writer.sizeBytes else {
            throw DriverError(
                .invalidOffset, "\(writer.sizeBytes) bytes are there, to append at \(offset)")
        }
        try await writer.append(request.body(limitBytes: Self.bodyBytes), promise: promise)
        return try .json(
            .ok, WriterDocument(id: writer.id, path: path, sizeBytes: writer.sizeBytes))
    }

    func commit(_ request: DriverRequest) async throws -> ServerResponse {
        let digest = try request.target.digest
        let (_, writer) = try await writer(request)
        return try .json(.ok, FileDocument(try await writer.commit(digest)))
    }

    func cancel(_ request: DriverRequest) async throws -> ServerResponse {
        try await writer(request).writer.cancel()
        return ServerResponse(status: .noContent)
    }

    private func writer(
        _ request: DriverRequest
    ) async throws -> (path: DriverPath, writer: any FileWriter) {
        let path = try request.target.path()
        guard let id = request.target.writer else {
            preconditionFailure("\(request.target.call) names a writer")
        }
        return (path, try await request.driver.writer(path, .resume(id)))
    }
}
