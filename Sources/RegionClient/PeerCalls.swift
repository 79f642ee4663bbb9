// One signed call to another region, and the check of its answer.

internal import Access
internal import Checksums
internal import NIOCore
internal import NativeWire
internal import Replication
internal import Storage
internal import Synchronization

/// Which region is behind a URL, as far as is known: who answered the last handshake there. Every other call
/// is meant for that region alone. Whether it is the one that the peer's name stands for is not decided
/// here: who finds another one makes no further calls.
final class Addressee: Sendable {
    private let state: Mutex<RegionID?>

    init(_ region: RegionID?) { state = Mutex(region) }

    var region: RegionID? { state.withLock { $0 } }

    func met(_ region: RegionID) { state.withLock { $0 = region } }
}

struct PeerCalls: Sendable {
    let url: PeerURL
    let region: RegionID
    let addressee: Addressee
    let key: PeerKey
    let client: HTTPClient
    let clock: any WallClock
    let nonce: @Sendable () -> PeerNonce

    /// Meets the region behind the URL: what it says of itself must be what it signs as.
    func greet(_ hello: HelloDocument) async throws -> HelloDocument {
        let (theirs, signature): (HelloDocument, PeerAnswerSignature) = try await exchange(
            .handshake, hello, waitMilliseconds: 0)
        guard theirs.region == signature.region else {
            throw TransportError(
                .unauthenticated,
                "region \(signature.region) says that it is region \(theirs.region)")
        }
        addressee.met(theirs.region)
        return theirs
    }

    /// Posts a document and returns the one that answers it, verified.
    func ask<Answer: WireDocument>(
        _ call: PeerCall, _ request: some WireDocument, answer type: Answer.Type = Answer.self,
        waitMilliseconds: Int = 0
    ) async throws -> Answer {
        try await exchange(call, request, waitMilliseconds: waitMilliseconds).0
    }

    private func exchange<Answer: WireDocument>(
        _ call: PeerCall, _ request: some WireDocument, waitMilliseconds: Int
    ) async throws -> (Answer, PeerAnswerSignature) {
        let (answer, signature) = try await send(
            call, method: "POST", body: request.encode(),
            as: .document(waitMilliseconds: waitMilliseconds))
        let document = try await answer.collect(limitBytes: WireLimits.answerBytes)
        try check(document, signature)
        guard answer.head.status == 200 else { throw refusal(answer.head, document) }
        do {
            return (try Answer(decoding: document), signature)
        } catch {
            throw TransportError(.malformed, "the answer cannot be read: \(error)")
        }
    }

    /// The bytes of a range as they arrive.
    func bytes(of blob: BlobID, range: Range<UInt64>) async throws -> any ByteSource {
        let (answer, signature) = try await send(
            .bytes(blob, range), method: "GET", body: nil, as: .stream)
        guard answer.head.status == 200 else {
            let document = try await answer.collect(limitBytes: WireLimits.errorBytes)
            try check(document, signature)
            throw refusal(answer.head, document)
        }
        // libcurl holds the body against this length.
        guard answer.head.contentLength == range.upperBound - range.lowerBound else {
            throw TransportError(.malformed, "another number of bytes than was asked for")
        }
        return answer.body
    }

    /// Returns when the head is here and was signed, for this request, with the key of the pair.
    private func send(
        _ call: PeerCall, method: String, body: ByteBuffer?, as kind: OutboundRequest.Answer
    ) async throws -> (OutboundAnswer, PeerAnswerSignature) {
        let addressee = call == .handshake ? nil : addressee.region
        guard addressee != nil || call == .handshake else {
            throw TransportError(.unreachable, "the region has not been met yet")
        }
        let signature = key.sign(
            method: method, target: call.target,
            bodySHA256: MessageDigest.hash(.sha256, body ?? ByteBuffer()), region: region,
            addressee: addressee, timestampMilliseconds: clock.milliseconds(), nonce: nonce())
        var fields = [HeaderField(PeerSignature.headerName, signature.headerValue)]
        if body != nil { fields.append(HeaderField("content-type", PeerCall.documentType)) }
        let answer = try await client.send(
            OutboundRequest(
                method: method, url: url.url(of: call.target), fields: fields, body: body,
                answer: kind))
        do throws(AccessError) {
            guard let value = answer.head[PeerAnswerSignature.headerName] else {
                throw AccessError(.missingAuthentication, "the answer is not signed")
            }
            let proof = try PeerAnswerSignature(headerValue: value)
            try key.verify(
                proof, to: signature, status: answer.head.status, from: addressee)
            return (answer, proof)
        } catch {
            throw await unproven(answer, error)
        }
    }

    private func check(_ document: ByteBuffer, _ signature: PeerAnswerSignature) throws {
        do throws(AccessError) {
            try signature.check(body: document)
        } catch {
            throw TransportError(.unauthenticated, error.message)
        }
    }

    /// An answer that nobody vouches for. Whoever refuses our key cannot sign; a server that is too busy
    /// to let a request in does not. Its words are for the log alone.
    private func unproven(_ answer: OutboundAnswer, _ error: AccessError) async -> TransportError {
        let words = try? await answer.collect(limitBytes: WireLimits.errorBytes)
        let document = words.flatMap { try? JSONDocument.decode(ErrorDocument.self, from: $0) }
        let message = document.map { "\(error.message); it says: \($0.message)" } ?? error.message
        switch answer.head.status {
        case 429, 503: return TransportError(.busy, message)
        case 502, 504: return TransportError(.unreachable, message)
        default: return TransportError(.unauthenticated, message)
        }
    }

    private func refusal(_ head: OutboundHead, _ document: ByteBuffer) -> TransportError {
        do {
            let error = try JSONDocument.decode(ErrorDocument.self, from: document)
            return TransportError(Self.code(error.code), error.message)
        } catch {
            return TransportError(.malformed, "status \(head.status) without a reason")
        }
    }

    /// What a refusal means for who asked.
    private static func code(_ code: ErrorDocument.Code) -> TransportError.Code {
        switch code {
        case .unauthenticated: .unauthenticated
        case .incompatible: .incompatible
        case .malformed, .limitExceeded, .noSuchCall, .invalidRange: .malformed
        case .refused: .refused
        case .unknownPosition: .unknownPosition
        case .pending, .neverHad, .damaged: .notFound
        case .busy, .starting, .failed: .busy
        }
    }
}
