// Signatures of clients: whatever a request says of itself, and the chunks of a signed body.

import NIOCore
import Storage

@testable import Access

/// Five fields, each ended by a zero byte: method, target, authorization, date, content hash. What is
/// parsed is verified; the canonical query is the same when it is made canonical again.
@Sendable func fuzzSignature(_ bytes: [UInt8]) {
    var input = FuzzInput(bytes)
    let (method, target) = (input.text(), input.text())
    let (authorization, date, hash) = (input.text(), input.text(), input.text())
    let headers = [
        PlainHeader("host", "example"), PlainHeader("authorization", authorization),
        PlainHeader("x-amz-date", date), PlainHeader("x-amz-content-sha256", hash),
        PlainHeader("x-amz-extra", input.text()),
    ]
    let request = PlainRequest(method: method, target: target, headers: headers)
    let limits = AccessLimits()
    let credential = Credential(
        accessKey: "A", secret: "secret", principal: .root)
    let keys = SigningKeyCache(limit: 4)
    if authorization.utf8.starts(with: SignatureV4.algorithm.utf8),
        let signature = try? SignatureV4(authorization: authorization, of: request)
    {
        try? signature.checkTime(nowMilliseconds: 1_700_000_000_000, limits: limits)
        let verified = try? signature.verify(
            request, credential: credential, keys: keys, limits: limits)
        precondition(verified == nil, "a signature was forged")
    }
    if let signature = try? SignatureV4(
        query: QueryParameters(request.query), of: request, limits: limits)
    {
        let verified = try? signature.verify(
            request, credential: credential, keys: keys, limits: limits)
        precondition(verified == nil, "a signature was forged")
    }
    _ = try? SignatureV2(query: QueryParameters(request.query), of: request)
    checkCanonical(request)
    checkSigned(request)
}

private func checkCanonical(_ request: PlainRequest) {
    let names = SignedHeaderNames(Array("host".utf8)[...])
    guard
        let canonical = try? CanonicalRequest.bytes(of: request, signedHeaders: names, payload: "")
    else { return }
    let lines = canonical.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    // A line feed can only come in by the method, which a server's parser does not let through.
    guard !request.method.utf8.contains(UInt8(ascii: "\n")) else { return }
    var again = request
    again.path = String(decoding: lines[1], as: UTF8.self)
    again.query = String(decoding: lines[2], as: UTF8.self)
    let second = try? CanonicalRequest.bytes(of: again, signedHeaders: names, payload: "")
    precondition(second == canonical, "what is canonical is not canonical")
}

/// What our own signer signs, the verifier accepts.
private func checkSigned(_ request: PlainRequest) {
    var request = request
    request.headers = [PlainHeader("host", "example"), request.headers[4]]
    // A signature in the query beside one in a header is ambiguous, and refused.
    guard !QueryParameters(request.query).isSignedV4 else { return }
    let signer = RequestSigner(accessKey: "A", secret: "secret")
    guard let signed = try? signer.sign(request, payload: .unsigned, at: 1_700_000_000) else {
        return
    }
    request.headers += signed.headers
    guard let authorization = request.header("authorization") else { return }
    let credential = Credential(
        accessKey: "A", secret: "secret", principal: .root)
    do {
        _ = try SignatureV4(authorization: authorization, of: request).verify(
            request, credential: credential, keys: SigningKeyCache(limit: 4),
            limits: AccessLimits())
    } catch {
        preconditionFailure("what was signed is refused: \(error)")
    }
}

/// An unsigned body in pieces gives what it gives in one.
@Sendable func fuzzAWSChunked(_ bytes: [UInt8]) {
    var input = FuzzInput(bytes)
    let size = Int(input.byte() % 32) + 1
    let hasTrailer = input.byte() & 1 == 1
    let text = Array(input.rest)
    let whole = decode(text, by: max(1, text.count), hasTrailer)
    let pieces = decode(text, by: size, hasTrailer)
    precondition(whole.trailers == pieces.trailers, "in pieces of \(size) it ends otherwise")
    if whole.trailers != nil { precondition(whole.bytes == pieces.bytes, "other bytes") }
}

private func decode(
    _ text: [UInt8], by size: Int, _ hasTrailer: Bool
) -> (bytes: [UInt8], trailers: [Trailer]?) {
    var decoder = AWSChunkedDecoder(
        signatures: nil, hasTrailer: hasTrailer, decodedLengthBytes: nil,
        trailerNames: ["x-amz-checksum-crc32"])
    var bytes: [UInt8] = []
    do {
        for start in stride(from: 0, to: text.count, by: size) {
            decoder.feed(ByteBuffer(bytes: text[start..<min(start + size, text.count)]))
            while let payload = try decoder.next() { bytes += payload.readableBytesView }
        }
        return (bytes, try decoder.finish())
    } catch {
        return (bytes, nil)
    }
}
