// CompleteMultipartUpload: a commit by reference, so that it mostly answers at once and with a status of
// its own. One that has to work longer (an object whose digest must be computed again) begins its answer
// with 200 and the XML declaration, sends a space now and then so that nobody on the way gives up, and says
// at the end whether it succeeded: a client must look for `<Error>` in a body of status 200.

internal import HTTPServer
internal import HTTPTypes
internal import NIOCore
internal import RegistryLayout
internal import Storage

extension S3Handler {
    func completeMultipartUpload(_ request: S3Request) async throws -> ServerResponse {
        let name = try request.name
        let id = try request.uploadID
        let body = try await request.document(limitBytes: request.limits.completeDocumentBytes)
        let parts = try CompleteDocument.parse(body, limits: request.limits)
        let completion = try await completion(request, id, of: name, parts: parts)
        let uploads = uploads
        let work = LongWork {
            do {
                return try await uploads.complete(id, of: name, completion)
            } catch let error as StorageError where error.code == .sizeMismatch {
                throw S3Error(
                    .invalidRequest,
                    "The parts are not as large together as x-amz-mp-object-size says.",
                    cause: error)
            }
        }
        let grace = Duration.milliseconds(request.limits.completeGraceMilliseconds)
        guard let result = await work.result(within: grace) else {
            return ServerResponse(
                status: .ok, fields: [.contentType: "application/xml"],
                body: .stream(
                    KeepAliveBody(work, interval: request.limits.keepAliveInterval) { result in
                        self.lateAnswer(result, request)
                    },
                    lengthBytes: nil))
        }
        let object = try result.get()
        var response = ServerResponse.document(Self.document(object, request, declares: true))
        response.fields.setSealed(object.content?.isSealed == true)
        response.fields[.versionID] = object.givenID
        return response
    }

    /// What the store is to make, after what only the head can promise was compared with the session.
    private func completion(
        _ request: S3Request, _ id: UploadID, of name: ObjectName, parts: [CompletedPart]
    ) async throws -> Completion {
        let digest = try await promised.digest(of: name)
        var promise = BodyPromise(digests: digest.map { [$0] } ?? [])
        if let text = request.fields[.completedObjectSize] {
            guard let size = UInt64(text) else {
                throw S3Error.invalidArgument(
                    "x-amz-mp-object-size", text, "The size of the object is no number.")
            }
            promise.sizeBytes = size
        }
        let completion = Completion(
            parts: parts, promise: promise, preconditions: request.writeConditions,
            leastPartBytes: request.limits.leastPartBytes)
        guard let expected = try CompleteChecksum(request.fields, parts: parts.count) else {
            return completion
        }
        return try await expected.applied(to: completion, id, of: name, in: uploads)
    }

    private func lateAnswer(
        _ result: Result<ObjectVersion, any Error>, _ request: S3Request
    ) -> ByteBuffer {
        switch result {
        case .success(let object): return Self.document(object, request, declares: false)
        case .failure(let failure):
            let error = S3Error(any: failure)
            log(error, request.server)
            return error.document(
                resource: request.target.resource, requestID: request.server.id, declares: false)
        }
    }

    private static func document(
        _ object: ObjectVersion, _ request: S3Request, declares: Bool
    ) -> ByteBuffer {
        XMLWriter.document("CompleteMultipartUploadResult", declares: declares) {
            $0.element("Location", request.url)
            $0.element("Bucket", object.name.bucket)
            $0.element("Key", object.name.key.string)
            guard let content = object.content else { return }
            $0.element("ETag", ETags.quoted(content.etag))
            if let checksum = content.checksum {
                $0.element(
                    checksum.algorithm.elementName,
                    checksum.text(parts: content.partSizes.count))
                $0.element("ChecksumType", checksum.kind.wireName)
            }
        }
    }
}

extension S3Limits {
    fileprivate var keepAliveInterval: Duration { .milliseconds(keepAliveMilliseconds) }
}
