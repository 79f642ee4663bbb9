// The key that two regions share, and what can be done with it: sign, and check what was signed.

internal import Checksums
package import Storage

/// The key of a pair of regions. Any number of threads may use it.
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
    /// is the sender; `bodySHA256` is that of the whole body, of no bytes where there is none.
    package func sign(
        method: String, target: String, bodySHA256: [UInt8], region: RegionID,
        timestampMilliseconds: Int64, nonce: PeerNonce
    ) -> PeerSignature {
        let fields = PeerSignature(
            region: region, timestampMilliseconds: timestampMilliseconds, nonce: nonce,
            bodySHA256: bodySHA256, code: [])
        return PeerSignature(
            region: region, timestampMilliseconds: timestampMilliseconds, nonce: nonce,
            bodySHA256: bodySHA256, code: code(of: fields, method: method, target: target))
    }

    /// Whether `signature` is ours over this request. Says nothing of time, repetition or the body.
    package func verifies(
        _ signature: PeerSignature, method: String, target: String
    ) -> Bool {
        ConstantTime.isEqual(code(of: signature, method: method, target: target), signature.code)
    }

    /// Signs an answer to the request that carried `request`.
    package func sign(
        answerTo request: PeerSignature, status: Int, body: PeerBody
    ) -> PeerAnswerSignature {
        PeerAnswerSignature(body: body, code: code(of: body, status: status, to: request))
    }

    /// Throws `signatureDoesNotMatch` unless the peer gave this answer, with this status, to this request.
    /// The body is then checked by `PeerAnswerSignature.check`, or by its digest where it is a blob's.
    package func verify(
        _ answer: PeerAnswerSignature, to request: PeerSignature, status: Int
    ) throws(AccessError) {
        guard ConstantTime.isEqual(code(of: answer.body, status: status, to: request), answer.code)
        else {
            throw AccessError(
                .signatureDoesNotMatch, "the answer is not signed with the key of this pair")
        }
    }

    private func code(of fields: PeerSignature, method: String, target: String) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(256 + target.utf8.count)
        text += "HOLDFAST-PEER-REQUEST-1\n\(fields.region)\n\(fields.timestampMilliseconds)\n".utf8
        text += "\(Hexadecimal.encode(fields.nonce.bytes))\n".utf8
        text += "\(Hexadecimal.encode(fields.bodySHA256))\n\(method)\n".utf8
        text += target.utf8
        return requests.code(for: text)
    }

    private func code(of body: PeerBody, status: Int, to request: PeerSignature) -> [UInt8] {
        answers.code(
            for: Array(
                "HOLDFAST-PEER-ANSWER-1\n\(Hexadecimal.encode(request.code))\n\(status)\n\(body)"
                    .utf8))
    }
}
