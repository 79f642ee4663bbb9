// The text form of peer signatures:
//
//     authorization: Holdfast-Peer-1 <region>;<milliseconds>;<nonce>;<body SHA-256>;<code>
//     x-holdfast-signature: <region>;<body SHA-256, or "unsigned">;<code>
//
// Region, nonce, hashes and codes are hexadecimal digits of fixed length.

internal import Storage

extension PeerNonce {
    var bytes: [UInt8] {
        [high, low].flatMap { word in
            stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> $0) }
        }
    }

    /// `nil` unless there are 16 bytes.
    init?(bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        func word(_ half: ArraySlice<UInt8>) -> UInt64 { half.reduce(0) { $0 << 8 | UInt64($1) } }
        self.init(high: word(bytes[..<8]), low: word(bytes[8...]))
    }
}

extension PeerSignature {
    package var headerValue: String {
        "\(Self.scheme) \(region);\(timestampMilliseconds);\(Hexadecimal.encode(nonce.bytes));"
            + "\(Hexadecimal.encode(bodySHA256));\(Hexadecimal.encode(code))"
    }

    /// Throws `missingAuthentication` for another scheme, `malformedAuthorization` for a broken value.
    package init(headerValue: String) throws(AccessError) {
        let prefix = Self.scheme + " "
        guard headerValue.hasPrefix(prefix) else {
            throw AccessError(.missingAuthentication, "the request carries no peer signature")
        }
        let fields = headerValue.dropFirst(prefix.count).split(
            separator: ";", maxSplits: 5, omittingEmptySubsequences: false)
        guard fields.count == 5, let region = RegionID(String(fields[0])),
            let timestampMilliseconds = Int64(fields[1]), timestampMilliseconds >= 0,
            let nonce = Hexadecimal.decode(fields[2]).flatMap(PeerNonce.init(bytes:)),
            let bodySHA256 = Hexadecimal.decode(fields[3]), bodySHA256.count == 32,
            let code = Hexadecimal.decode(fields[4]), code.count == 32
        else {
            throw AccessError(.malformedAuthorization, "the peer signature cannot be read")
        }
        self.init(
            region: region, timestampMilliseconds: timestampMilliseconds, nonce: nonce,
            bodySHA256: bodySHA256, code: code)
    }
}

extension PeerBody: CustomStringConvertible {
    package var description: String {
        switch self {
        case .sha256(let hash): Hexadecimal.encode(hash)
        case .unsigned: "unsigned"
        }
    }
}

extension PeerAnswerSignature {
    package var headerValue: String { "\(region);\(body);\(Hexadecimal.encode(code))" }

    /// Throws `malformedAuthorization` for a broken value.
    package init(headerValue: String) throws(AccessError) {
        let fields = headerValue.split(
            separator: ";", maxSplits: 3, omittingEmptySubsequences: false)
        guard fields.count == 3, let region = RegionID(String(fields[0])),
            let body = PeerBody(field: fields[1]),
            let code = Hexadecimal.decode(fields[2]), code.count == 32
        else {
            throw AccessError(.malformedAuthorization, "the peer's signature cannot be read")
        }
        self.init(region: region, body: body, code: code)
    }
}

extension PeerBody {
    fileprivate init?(field: Substring) {
        if field == "unsigned" {
            self = .unsigned
        } else if let hash = Hexadecimal.decode(field), hash.count == 32 {
            self = .sha256(hash)
        } else {
            return nil
        }
    }
}
