// A signature of version 4 in the query of a presigned URL (Amazon S3, "Authenticating Requests: Using
// Query Parameters").

internal import Storage

extension SignatureV4 {
    /// Throws `malformedQueryAuthentication` or `unsupportedAlgorithm`.
    init(queryOf request: PlainRequest, limits: AccessLimits) throws(AccessError) {
        let values = try Self.values(of: request.query)
        guard values["X-Amz-Algorithm"] == Self.algorithm else {
            throw AccessError(.unsupportedAlgorithm, "only \(Self.algorithm) is spoken here")
        }
        guard let credential = values["X-Amz-Credential"],
            let (accessKey, scope) = CredentialScope.parse(credential[...].utf8)
        else {
            throw AccessError(
                .malformedQueryAuthentication,
                "X-Amz-Credential is not <access key>/<date>/<region>/s3/aws4_request")
        }
        guard let time = values["X-Amz-Date"].flatMap({ SigningTime($0) }),
            time.date.elementsEqual(scope.date.utf8)
        else {
            throw AccessError(
                .malformedQueryAuthentication,
                "X-Amz-Date is not of the form YYYYMMDDTHHMMSSZ, or not of the credential's date")
        }
        guard let life = values["X-Amz-Expires"].flatMap({ Int64($0) }),
            (1...limits.presignedLifeSeconds).contains(life)
        else {
            throw AccessError(
                .malformedQueryAuthentication,
                "X-Amz-Expires must be from 1 to \(limits.presignedLifeSeconds) seconds")
        }
        guard let signedHeaders = values["X-Amz-SignedHeaders"],
            let code = values["X-Amz-Signature"].flatMap({ Hexadecimal.decode($0) }),
            code.count == 32
        else {
            throw AccessError(
                .malformedQueryAuthentication, "X-Amz-SignedHeaders or X-Amz-Signature is malformed"
            )
        }
        self.init(
            credential: credential, accessKey: accessKey, scope: scope, time: time,
            lifeSeconds: life, signedHeaders: signedHeaders,
            payload: Self.payload(of: request, values: values, signedHeaders: signedHeaders),
            code: code)
    }

    /// A presigned URL leaves the body open, unless its maker bound it.
    private static func payload(
        of request: PlainRequest, values: [String: String], signedHeaders: String
    ) -> String {
        if let inQuery = values["X-Amz-Content-Sha256"] { return inQuery }
        let isSigned = signedHeaders.utf8.split(separator: UInt8(ascii: ";")).contains {
            $0.elementsEqual("x-amz-content-sha256".utf8)
        }
        if isSigned, let inHeader = request.header("x-amz-content-sha256") { return inHeader }
        return PayloadDeclaration.unsigned.headerValue
    }

    /// The `X-Amz-` parameters, decoded. None may come twice.
    private static func values(of query: String) throws(AccessError) -> [String: String] {
        var values: [String: String] = [:]
        for parameter in QueryParameters.parse(query)
        where parameter.name.starts(with: "X-Amz-".utf8) {
            let name = String(Substring(parameter.name))
            guard values[name] == nil, let value = PercentEncoding.decode(parameter.value) else {
                throw AccessError(
                    .malformedQueryAuthentication,
                    "the parameter \(name) is malformed, or given twice")
            }
            values[name] = value
        }
        return values
    }
}
