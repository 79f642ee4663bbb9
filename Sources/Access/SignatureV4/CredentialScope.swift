// The scope that a signing key is made for: `<date>/<region>/s3/aws4_request`.

internal import Checksums

/// A day, a region and the service. Any region is accepted: clients are configured with what they like.
struct CredentialScope: Sendable {
    private static let ending = Array("/s3/aws4_request".utf8)
    private static let dateBytes = 8

    /// The scope as it is written.
    let text: ArraySlice<UInt8>

    /// Eight digits.
    var date: ArraySlice<UInt8> { text.prefix(Self.dateBytes) }

    var region: ArraySlice<UInt8> {
        text.dropFirst(Self.dateBytes + 1).dropLast(Self.ending.count)
    }

    init(time: SigningTime, region: String) {
        text = (Array(time.date) + [UInt8(ascii: "/")] + Array(region.utf8) + Self.ending)[...]
    }

    private init(text: ArraySlice<UInt8>) { self.text = text }

    /// Task 3 of "Signature Calculations for the Authorization Header".
    func signingKey(secret: String) -> HMAC {
        var key = HMAC.code(key: Array("AWS4\(secret)".utf8), message: Array(date))
        for step in [Array(region), Array("s3".utf8), Array("aws4_request".utf8)] {
            key = HMAC.code(key: key, message: step)
        }
        return HMAC(key: key)
    }

    /// Takes `<access key>/<date>/<region>/s3/aws4_request` apart, from its end, since an access key may
    /// hold a slash. `nil` for anything else.
    static func parse(
        _ credential: ArraySlice<UInt8>
    ) -> (accessKey: String, scope: CredentialScope)? {
        let slash = UInt8(ascii: "/")
        guard credential.suffix(ending.count).elementsEqual(ending) else { return nil }
        let beforeService = credential.dropLast(ending.count)
        guard let regionMark = beforeService.lastIndex(of: slash),
            regionMark + 1 < beforeService.endIndex
        else { return nil }
        let beforeRegion = beforeService[..<regionMark]
        guard let dateMark = beforeRegion.lastIndex(of: slash),
            regionMark - dateMark - 1 == dateBytes, dateMark > credential.startIndex
        else { return nil }
        return (
            String(decoding: credential[..<dateMark], as: UTF8.self),
            CredentialScope(text: credential[(dateMark + 1)...])
        )
    }
}
