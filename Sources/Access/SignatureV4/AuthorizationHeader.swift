// A signature of version 4 in the `Authorization` header:
//
//     AWS4-HMAC-SHA256 Credential=<access key>/<scope>, SignedHeaders=a;b, Signature=<hex>

internal import Storage

extension SignatureV4 {
    /// Throws `malformedAuthorization`, or `missingContentHash`.
    init(authorization: String, of request: PlainRequest) throws(AccessError) {
        let fields = try Self.fields(of: authorization)
        guard let (accessKey, scope) = CredentialScope.parse(fields.credential) else {
            throw AccessError(
                .malformedAuthorization,
                "the credential is not <access key>/<date>/<region>/s3/aws4_request")
        }
        guard let sent = request.header("x-amz-date") ?? request.header("date"),
            let time = SigningTime(sent)
        else {
            throw AccessError(
                .malformedAuthorization, "x-amz-date is missing or not of the form YYYYMMDDTHHMMSSZ"
            )
        }
        guard time.date.elementsEqual(scope.date.utf8) else {
            throw AccessError(
                .malformedAuthorization, "the credential's date is not the date of the request")
        }
        guard let code = Hexadecimal.decode(Substring(fields.signature)), code.count == 32 else {
            throw AccessError(.malformedAuthorization, "the signature is not 64 hexadecimal digits")
        }
        guard let payload = request.header("x-amz-content-sha256") else {
            throw AccessError(.missingContentHash, "the header x-amz-content-sha256 is missing")
        }
        self.init(
            credential: String(Substring(fields.credential)), accessKey: accessKey, scope: scope,
            time: time, lifeSeconds: nil, signedHeaders: String(Substring(fields.signedHeaders)),
            payload: payload, code: code)
    }

    private struct Fields {
        let credential: Substring.UTF8View
        let signedHeaders: Substring.UTF8View
        let signature: Substring.UTF8View
    }

    private static func fields(of authorization: String) throws(AccessError) -> Fields {
        var credential: Substring.UTF8View?
        var signedHeaders: Substring.UTF8View?
        var signature: Substring.UTF8View?
        for part in authorization.utf8.dropFirst(algorithm.utf8.count).split(
            separator: UInt8(ascii: ","))
        {
            let field = part.drop { $0 == UInt8(ascii: " ") }
            guard let mark = field.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let value = field[field.index(after: mark)...]
            switch Substring(field[..<mark]) {
            case "Credential" where credential == nil: credential = value
            case "SignedHeaders" where signedHeaders == nil: signedHeaders = value
            case "Signature" where signature == nil: signature = value
            default: throw malformed
            }
        }
        guard let credential, let signedHeaders, let signature else { throw malformed }
        return Fields(credential: credential, signedHeaders: signedHeaders, signature: signature)
    }

    private static let malformed = AccessError(
        .malformedAuthorization,
        "the header needs Credential, SignedHeaders and Signature, once each")
}
