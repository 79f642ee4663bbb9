// A signature of version 4 in the query of a presigned URL (Amazon S3, "Authenticating Requests: Using
// Query Parameters").

internal import Storage

extension SignatureV4 {
    /// Throws `malformedQueryAuthentication` or `unsupportedAlgorithm`.
    init(
        query: QueryParameters, of request: PlainRequest, limits: AccessLimits
    ) throws(AccessError) {
        guard query.value(.algorithm) == Self.algorithm else {
            throw AccessError(.unsupportedAlgorithm, "only \(Self.algorithm) is spoken here")
        }
        guard let credential = query.value(.credential),
            let (accessKey, scope) = CredentialScope.parse(Array(credential.utf8)[...])
        else {
            throw Self.malformed(
                "X-Amz-Credential is not <access key>/<date>/<region>/s3/aws4_request")
        }
        guard let time = query.value(.date).flatMap({ SigningTime($0) }),
            time.date.elementsEqual(scope.date)
        else {
            throw Self.malformed(
                "X-Amz-Date is not of the form YYYYMMDDTHHMMSSZ, or not of the credential's date")
        }
        guard let life = query.value(.expires).flatMap({ Int64($0) }),
            (1...limits.presignedLifeSeconds).contains(life)
        else {
            throw Self.malformed(
                "X-Amz-Expires must be from 1 to \(limits.presignedLifeSeconds) seconds")
        }
        guard let names = query.value(.signedHeaders),
            let code = query.value(.signature).flatMap({ Hexadecimal.decode($0) }),
            code.count == 32
        else {
            throw Self.malformed("X-Amz-SignedHeaders or X-Amz-Signature is malformed")
        }
        let signedHeaders = SignedHeaderNames(Array(names.utf8)[...])
        self.init(
            credential: credential, accessKey: accessKey, scope: scope, time: time,
            lifeSeconds: life, signedHeaders: signedHeaders,
            payload: try Self.payload(of: request, query: query, signedHeaders: signedHeaders),
            code: code)
    }

    /// A presigned URL leaves the body open, unless its maker bound it.
    private static func payload(
        of request: PlainRequest, query: QueryParameters, signedHeaders: SignedHeaderNames
    ) throws(AccessError) -> String {
        if query.has(.contentSHA256) {
            guard let value = query.value(.contentSHA256) else {
                throw malformed("X-Amz-Content-Sha256 is malformed, or given twice")
            }
            return value
        }
        if signedHeaders.contains("x-amz-content-sha256"),
            let inHeader = request.header("x-amz-content-sha256")
        {
            return inHeader
        }
        return PayloadDeclaration.unsigned.headerValue
    }

    private static func malformed(_ what: String) -> AccessError {
        AccessError(.malformedQueryAuthentication, what)
    }
}
