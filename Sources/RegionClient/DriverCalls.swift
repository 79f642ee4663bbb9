// One signed call of the storage driver API, and what its answer means.

internal import Access
internal import Checksums
internal import NIOCore
internal import NativeWire
internal import Replication
internal import Storage

struct DriverCalls: Sendable {
    enum Body: Sendable {
        case none
        /// Signed with its hash.
        case bytes(ByteBuffer)
        /// As it comes; what it promises is verified over there.
        case stream(any ByteSource, BodyPromise)
    }

    let url: PeerURL
    let bucket: String
    let signer: RequestSigner
    let client: HTTPClient
    let clock: any WallClock

    /// The document that answers a call.
    func document<Document: Decodable>(
        _ call: DriverCall, writer: UploadID? = nil, _ values: [(DriverParameter, String)],
        body: Body = .none, as type: Document.Type = Document.self
    ) async throws -> Document {
        let answer = try await send(call, writer: writer, values, body: body)
        let bytes = try await Self.collect(answer, limitBytes: WireLimits.answerBytes)
        do {
            return try JSONDocument.decode(Document.self, from: bytes)
        } catch {
            throw DriverError(.failed, "the answer cannot be read", cause: error)
        }
    }

    /// A call that only succeeds.
    func perform(
        _ call: DriverCall, writer: UploadID? = nil, _ values: [(DriverParameter, String)]
    ) async throws {
        _ = try await Self.collect(
            try await send(call, writer: writer, values), limitBytes: WireLimits.answerBytes)
    }

    /// Returns when the head of a success is here. Throws what was refused, and what the body's source throws.
    func send(
        _ call: DriverCall, writer: UploadID? = nil, _ values: [(DriverParameter, String)],
        body: Body = .none, as kind: OutboundRequest.Answer = .document(waitMilliseconds: 0)
    ) async throws -> OutboundAnswer {
        let request = try request(
            call, target: call.target(bucket: bucket, writer: writer, values), body, kind)
        let answer: OutboundAnswer
        do {
            answer = try await client.send(request)
        } catch let error as TransportError {
            throw DriverError(error)
        }
        guard (200..<300).contains(answer.head.status) else { throw try await refusal(answer) }
        return answer
    }

    private func request(
        _ call: DriverCall, target: String, _ body: Body, _ kind: OutboundRequest.Answer
    ) throws -> OutboundRequest {
        var request = OutboundRequest(
            method: call.method, url: url.url(of: target), answer: kind)
        let payload: PayloadDeclaration
        switch body {
        case .none: payload = .unsigned
        case .bytes(let bytes):
            payload = .hashed(MessageDigest.hash(.sha256, bytes))
            request.body = bytes
        case .stream(let source, let promise):
            payload = .unsigned
            request.stream = OutboundStream(
                try PromisedSource(source, promise), lengthBytes: promise.sizeBytes)
            // It takes as long as it takes, as long as it does not stall.
            request.answer = .stream
        }
        let host = PlainHeader("host", url.authority)
        let signed = try signer.sign(
            PlainRequest(method: call.method, target: target, headers: [host]),
            payload: payload, at: clock.milliseconds() / 1000)
        request.fields = ([host] + signed.headers).map { HeaderField($0.name, $0.value) }
        if request.body != nil || request.stream != nil {
            request.fields.append(HeaderField("content-type", DriverCall.contentType))
        }
        return request
    }

    private func refusal(_ answer: OutboundAnswer) async throws -> DriverError {
        let bytes = try await Self.collect(answer, limitBytes: WireLimits.errorBytes)
        do {
            return try JSONDocument.decode(DriverErrorDocument.self, from: bytes).error
        } catch {
            // Whatever stands in between, or a region that is starting.
            let code: DriverError.Code =
                [429, 502, 503, 504].contains(answer.head.status) ? .unavailable : .failed
            return DriverError(code, "status \(answer.head.status) without a reason")
        }
    }

    private static func collect(
        _ answer: OutboundAnswer, limitBytes: Int
    ) async throws -> ByteBuffer {
        do {
            return try await answer.collect(limitBytes: limitBytes)
        } catch let error as TransportError {
            throw DriverError(error)
        }
    }
}

extension DriverError {
    /// A call that was not answered may have been done.
    init(_ error: TransportError) {
        let code: Code =
            switch error.code {
            case .unreachable, .busy: .unavailable
            case .unauthenticated: .unauthenticated
            case .incompatible, .malformed, .notFound, .unknownPosition, .refused: .failed
            }
        self.init(code, error.message, cause: error)
    }
}
