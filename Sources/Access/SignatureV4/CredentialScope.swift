// The scope that a signing key is made for: `<date>/<region>/s3/aws4_request`.

internal import Checksums

/// A day, a region and the service. Any region is accepted: clients are configured with what they like.
struct CredentialScope: Sendable {
    static let service = "s3"
    static let terminator = "aws4_request"

    let date: String
    let region: String

    var text: String { "\(date)/\(region)/\(Self.service)/\(Self.terminator)" }

    /// Task 3 of "Signature Calculations for the Authorization Header".
    func signingKey(secret: String) -> HMACSHA256 {
        var key = HMACSHA256.code(key: Array("AWS4\(secret)".utf8), message: Array(date.utf8))
        for step in [region, Self.service, Self.terminator] {
            key = HMACSHA256.code(key: key, message: Array(step.utf8))
        }
        return HMACSHA256(key: key)
    }

    /// Takes `<access key>/<date>/<region>/s3/aws4_request` apart, from its end, since an access key may
    /// hold a slash. `nil` for anything else.
    static func parse(
        _ credential: Substring.UTF8View
    ) -> (accessKey: String, scope: CredentialScope)? {
        var rest = credential
        func takeLast() -> Substring.UTF8View? {
            guard let slash = rest.lastIndex(of: UInt8(ascii: "/")) else { return nil }
            let last = rest[rest.index(after: slash)...]
            rest = rest[..<slash]
            return last
        }
        guard takeLast()?.elementsEqual(terminator.utf8) == true,
            takeLast()?.elementsEqual(service.utf8) == true,
            let region = takeLast(), !region.isEmpty, let date = takeLast(), date.count == 8,
            !rest.isEmpty
        else { return nil }
        return (
            String(Substring(rest)),
            CredentialScope(date: String(Substring(date)), region: String(Substring(region)))
        )
    }
}
