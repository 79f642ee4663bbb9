// A signature of version 4 in the `Authorization` header:
//
//     AWS4-HMAC-SHA256 Credential=<access key>/<scope>, SignedHeaders=a;b, Signature=<hex>

internal import Storage

extension SignatureV4 {
    /// Throws `malformedAuthorization`, or `missingContentHash`.
    init(authorization: String, of request: PlainRequest) throws(AccessError) {
        let fields = try Self.fields(of: Array(authorization.utf8))
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
        guard time.date.elementsEqual(scope.date) else {
            throw AccessError(
                .malformedAuthorization, "the credential's date is not the date of the request")
        }
        guard let code = Hexadecimal.decode(digits: fields.signature), code.count == 32 else {
            throw AccessError(.malformedAuthorization, "the signature is not 64 hexadecimal digits")
        }
        guard let payload = request.header("x-amz-content-sha256") else {
            throw AccessError(.missingContentHash, "the header x-amz-content-sha256 is missing")
        }
        self.init(
            credential: String(decoding: fields.credential, as: UTF8.self), accessKey: accessKey,
            scope: scope, time: time, lifeSeconds: nil,
            signedHeaders: SignedHeaderNames(fields.signedHeaders), payload: payload, code: code)
    }

    private struct Fields {
        let credential: ArraySlice<UInt8>
        let signedHeaders: ArraySlice<UInt8>
        let signature: ArraySlice<UInt8>
    }

    private static func fields(of authorization: [UInt8]) throws(AccessError) -> Fields {
        var credential: ArraySlice<UInt8>?
        var signedHeaders: ArraySlice<UInt8>?
        var signature: ArraySlice<UInt8>?
        for part in authorization.dropFirst(algorithm.utf8.count).fields(
            separatedBy: UInt8(ascii: ","))
        {
            let field = part.withoutLeadingSpaces
            let mark = field.firstIndex(of: UInt8(ascii: "=")) ?? field.endIndex
            let name = field[..<mark]
            let value = field[mark...].dropFirst()
            if credential == nil, name.elementsEqual("Credential".utf8) {
                credential = value
            } else if signedHeaders == nil, name.elementsEqual("SignedHeaders".utf8) {
                signedHeaders = value
            } else if signature == nil, name.elementsEqual("Signature".utf8) {
                signature = value
            } else {
                throw malformed
            }
        }
        guard let credential, let signedHeaders, let signature else { throw malformed }
        return Fields(credential: credential, signedHeaders: signedHeaders, signature: signature)
    }

    private static let malformed = AccessError(
        .malformedAuthorization,
        "the header needs Credential, SignedHeaders and Signature, once each")
}
