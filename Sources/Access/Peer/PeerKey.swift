// The key that two regions share, and what can be done with it: sign, and check what was signed.

internal import Checksums
package import Storage

/// The key of a pair of regions, or of all regions that are configured with the same one: who is meant, and
/// who answers, is part of what is signed. Any number of threads may use it.
package struct PeerKey: Sendable {
    private let requests: HMAC
    private let answers: HMAC

    /// `nil` for an empty secret.
    package init?(secret: [UInt8]) {
        guard !secret.isEmpty else { return nil }
        let pair = HMAC(key: secret)
        requests = HMAC(key: pair.code(for: Array("HOLDFAST-PEER-REQUEST-1".utf8)))
        answers = HMAC(key: pair.code(for: Array("HOLDFAST-PEER-ANSWER-1".utf8)))
    }

    /// Signs a request. `target` is the request target as it goes on the wire, query included; `region`
    /// is the sender, `addressee` who is to act on it: `nil` in a handshake alone, in which it is asked for;
    /// `bodySHA256` is that of the whole body, of no bytes where there is none.
    package func sign(
        method: String, target: String, bodySHA256: [UInt8], region: RegionID,
        addressee: RegionID?, timestampMilliseconds: Int64, nonce: PeerNonce
    ) -> PeerSignature {
        let fields = PeerSignature(
            region: region, timestampMilliseconds: timestampMilliseconds, nonce: nonce,
            bodySHA256: bodySHA256, code: [])
        return PeerSignature(
            region: region, timestampMilliseconds: timestampMilliseconds, nonce: nonce,
            bodySHA256: bodySHA256,
            code: code(of: fields, method: method, target: target, addressee: addressee))
    }

    /// Whether `signature` is ours over this request to this addressee. Says nothing of time, repetition
    /// or the body.
    package func verifies(
        _ signature: PeerSignature, method: String, target: String, addressee: RegionID?
    ) -> Bool {
        ConstantTime.isEqual(
            code(of: signature, method: method, target: target, addressee: addressee),
            signature.code)
    }

    /// Signs an answer of `region` to the request that carried `request`.
    package func sign(
        answerTo request: PeerSignature, status: Int, body: PeerBody, region: RegionID
    ) -> PeerAnswerSignature {
        PeerAnswerSignature(
            region: region, body: body,
            code: code(of: body, status: status, to: request, from: region))
    }

    /// Throws `signatureDoesNotMatch` unless this answer was given, with this status, to this request, by
    /// the region that it names, and that is `region` where that is known. The body is then checked by
    /// `PeerAnswerSignature.check`, or by its digest where it is a blob's.
    package func verify(
        _ answer: PeerAnswerSignature, to request: PeerSignature, status: Int,
        from region: RegionID?
    ) throws(AccessError) {
        let expected = code(of: answer.body, status: status, to: request, from: answer.region)
        guard ConstantTime.isEqual(expected, answer.code) else {
            throw AccessError(
                .signatureDoesNotMatch, "the answer is not signed with the key of this pair")
        }
        guard region == nil || region == answer.region else {
            throw AccessError(
                .signatureDoesNotMatch, "the answer is that of another region, \(answer.region)")
        }
    }

    private func code(
        of fields: PeerSignature, method: String, target: String, addressee: RegionID?
    ) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(256 + target.utf8.count)
        text += "HOLDFAST-PEER-REQUEST-1\n\(fields.region)\n".utf8
        text += "\(addressee?.description ?? "-")\n\(fields.timestampMilliseconds)\n".utf8
        text += "\(Hexadecimal.encode(fields.nonce.bytes))\n".utf8
        text += "\(Hexadecimal.encode(fields.bodySHA256))\n\(method)\n".utf8
        text += target.utf8
        return requests.code(for: text)
    }

    private func code(
        of body: PeerBody, status: Int, to request: PeerSignature, from region: RegionID
    ) -> [UInt8] {
        let request = Hexadecimal.encode(request.code)
        return answers.code(
            for: Array("HOLDFAST-PEER-ANSWER-1\n\(region)\n\(request)\n\(status)\n\(body)".utf8))
    }
}
