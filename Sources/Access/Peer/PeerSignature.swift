// How regions prove to each other who speaks: every request and every answer carries an HMAC under the
// key of the pair. The key itself is never sent, and neither side signs what the other may have chosen
// under the same label: requests and answers are signed with different keys derived from the pair's.
//
// What is signed for a request, a line each, the target last because it may hold any character:
//
//     HOLDFAST-PEER-REQUEST-1
//     <sending region>  <region it is meant for, or "-" in a handshake>  <milliseconds since 1970>
//     <nonce>  <SHA-256 of the body>  <method>  <target>
//
// and for an answer, which is bound to one request by that request's signature:
//
//     HOLDFAST-PEER-ANSWER-1
//     <answering region>  <signature of the request>  <status>  <SHA-256 of the body, or "unsigned">
//
// Several regions may share one key. A request for one of them is worth nothing at another, and the answer of
// one is never taken for that of another.

internal import Checksums
package import NIOCore
package import Storage

/// 128 random bits that make each request of a peer the only one of its kind.
package struct PeerNonce: Sendable, Hashable {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    package init(using generator: inout some RandomNumberGenerator) {
        self.init(high: generator.next(), low: generator.next())
    }
}

/// The signature of a request between regions, as one header carries it.
package struct PeerSignature: Sendable, Hashable {
    /// The header of requests.
    package static let headerName = "authorization"
    static let scheme = "Holdfast-Peer-1"

    /// Who sends, so that the receiver finds the key of the pair. Proven only by verification.
    package let region: RegionID
    package let timestampMilliseconds: Int64
    package let nonce: PeerNonce
    package let bodySHA256: [UInt8]
    package let code: [UInt8]

    package init(
        region: RegionID, timestampMilliseconds: Int64, nonce: PeerNonce, bodySHA256: [UInt8],
        code: [UInt8]
    ) {
        self.region = region
        self.timestampMilliseconds = timestampMilliseconds
        self.nonce = nonce
        self.bodySHA256 = bodySHA256
        self.code = code
    }

    /// Throws `contentHashMismatch` unless `body` is what the sender signed. To be called when the body of
    /// a verified request has been read, before anything is done with it.
    package func check(body: ByteBuffer) throws(AccessError) {
        guard ConstantTime.isEqual(MessageDigest.hash(.sha256, body), bodySHA256) else {
            throw AccessError(.contentHashMismatch, "the body is not the one the peer signed")
        }
    }
}

/// What a region says of an answer's body when it signs it.
package enum PeerBody: Sendable, Hashable {
    case sha256([UInt8])
    /// Bytes of a blob, which the receiver verifies by the blob's digest. For nothing else: the receiver
    /// must refuse it where it did not ask for blob bytes.
    case unsigned

    /// A body that is here in full.
    package init(_ body: ByteBuffer) { self = .sha256(MessageDigest.hash(.sha256, body)) }
}

/// The signature of an answer between regions, as one header carries it.
package struct PeerAnswerSignature: Sendable, Hashable {
    /// The header of answers.
    package static let headerName = "x-holdfast-signature"

    /// Who answers. Proven only by verification.
    package let region: RegionID
    package let body: PeerBody
    package let code: [UInt8]

    package init(region: RegionID, body: PeerBody, code: [UInt8]) {
        self.region = region
        self.body = body
        self.code = code
    }

    /// Throws `contentHashMismatch` unless `body` is what the peer signed; an unsigned one never is.
    package func check(body: ByteBuffer) throws(AccessError) {
        guard case .sha256(let expected) = self.body,
            ConstantTime.isEqual(MessageDigest.hash(.sha256, body), expected)
        else {
            throw AccessError(.contentHashMismatch, "the body is not the one the peer signed")
        }
    }
}
