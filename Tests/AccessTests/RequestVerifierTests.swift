import Access
import Checksums
import NIOCore
import Storage
import Synchronization
import Testing

/// What tests need to go from a vector to an answer.
enum Verification {
    static func request(_ vector: SignatureVector) -> PlainRequest {
        PlainRequest(
            method: vector.method, target: vector.target,
            headers: vector.headers.map { PlainHeader($0.0, $0.1) })
    }

    static func verifier(_ secret: String) -> RequestVerifier {
        RequestVerifier(
            credentials: RootCredentials(accessKey: SignatureVector.accessKey, secret: secret))
    }

    /// 24 May 2013, the time of all documented examples.
    static let documentedMilliseconds: Int64 = 1_369_353_600_000
    /// The time at which the botocore vectors were made.
    static let botocoreMilliseconds: Int64 = 1_795_242_754_000

    /// The code of the error that is thrown, `nil` where none is.
    static func code(
        _ verifier: RequestVerifier, _ request: PlainRequest, at milliseconds: Int64
    ) async -> AccessError.Code? {
        do {
            _ = try await verifier.verify(request, nowMilliseconds: milliseconds)
            return nil
        } catch let error as AccessError {
            return error.code
        } catch {
            Issue.record("\(error)")
            return nil
        }
    }
}

@Suite("Signed requests")
struct RequestVerifierTests {
    static let documented = Verification.verifier(SignatureVector.documentedSecret)
    static let botocore = Verification.verifier(SignatureVector.botocoreSecret)

    @Test("the documented examples are verified", arguments: SignatureVector.documented)
    func documentedExamples(vector: SignatureVector) async throws {
        let verified = try #require(
            try await Self.documented.verify(
                Verification.request(vector), nowMilliseconds: Verification.documentedMilliseconds))
        #expect(verified.principal == .root)
        #expect(verified.accessKey == SignatureVector.accessKey)
        expect(verified.payload, fits: vector)
    }

    @Test("botocore's requests are verified", arguments: SignatureVector.botocore)
    func botocoreRequests(vector: SignatureVector) async throws {
        let verified = try #require(
            try await Self.botocore.verify(
                Verification.request(vector), nowMilliseconds: Verification.botocoreMilliseconds))
        expect(verified.payload, fits: vector)
    }

    private func expect(_ payload: PayloadDeclaration, fits vector: SignatureVector) {
        switch payload {
        case .hashed(let hash):
            #expect(hash == MessageDigest.hash(.sha256, Array(vector.body.utf8)))
        case .unsigned: #expect(vector.target.contains("X-Amz-Signature"))
        case .chunked(let isSigned, let hasTrailer):
            #expect(!isSigned && hasTrailer)
        }
    }

    @Test(
        "every signed byte counts",
        arguments: SignatureVector.botocore, ["method", "path", "query", "header", "secret"])
    func tampering(vector: SignatureVector, what: String) async {
        var request = Verification.request(vector)
        var verifier = Self.botocore
        switch what {
        case "method": request.method = request.method == "DELETE" ? "GET" : "DELETE"
        case "path": request.path += "x"
        case "query": request.query += (request.query.isEmpty ? "" : "&") + "versionId=1"
        case "header":
            for index in request.headers.indices where request.headers[index].name == "host" {
                request.headers[index].value += "x"
            }
        default: verifier = Verification.verifier("another secret")
        }
        let code = await Verification.code(
            verifier, request, at: Verification.botocoreMilliseconds)
        #expect(code == .signatureDoesNotMatch)
    }

    @Test("a request is accepted for a quarter of an hour around its time")
    func skew() async {
        let request = Verification.request(SignatureVector.documented[0])
        for (distance, expected) in [
            (-900, nil), (900, nil), (-901, .requestTimeTooSkewed), (901, .requestTimeTooSkewed),
        ] as [(Int64, AccessError.Code?)] {
            let code = await Verification.code(
                Self.documented, request,
                at: Verification.documentedMilliseconds + distance * 1000)
            #expect(code == expected)
        }
    }

    @Test("a presigned URL is valid from a little before its time until it expires")
    func expiry() async {
        let request = Verification.request(SignatureVector.documented[4])
        for (distance, expected) in [
            (-900, nil), (86_400, nil), (-901, .requestTimeTooSkewed), (86_401, .expired),
        ] as [(Int64, AccessError.Code?)] {
            let code = await Verification.code(
                Self.documented, request,
                at: Verification.documentedMilliseconds + distance * 1000)
            #expect(code == expected)
        }
    }

    @Test("a header that must be signed and is not is refused")
    func coverage() async {
        var request = Verification.request(SignatureVector.documented[0])
        request.headers.append(PlainHeader("x-amz-copy-source", "/secret/key"))
        var code = await Verification.code(
            Self.documented, request, at: Verification.documentedMilliseconds)
        #expect(code == .missingSignedHeader)
        request = Verification.request(SignatureVector.documented[0])
        request.headers.removeAll { $0.name == "range" }
        code = await Verification.code(
            Self.documented, request, at: Verification.documentedMilliseconds)
        #expect(code == .missingSignedHeader)
    }

    @Test(
        "a request that cannot be read is refused by its own code",
        arguments: [
            ("Basic YTpi", "", .unsupportedAlgorithm),
            ("AWS AKIAIOSFODNN7EXAMPLE:c2lnbmF0dXJl", "", .unsupportedAlgorithm),
            (nil, "AWSAccessKeyId=a&Signature=b&Expires=1", .unsupportedAlgorithm),
            ("AWS4-HMAC-SHA256 ", "", .malformedAuthorization),
            (
                "AWS4-HMAC-SHA256 Credential=a/20130524/r/s3/aws4_request,SignedHeaders=host",
                "", .malformedAuthorization
            ),
            (
                "AWS4-HMAC-SHA256 Credential=a/20130524/r/ec2/aws4_request,SignedHeaders=host,"
                    + "Signature=00", "", .malformedAuthorization
            ),
            (
                "AWS4-HMAC-SHA256 Credential=a/20130525/r/s3/aws4_request,SignedHeaders=host,"
                    + "Signature=00", "", .malformedAuthorization
            ),
            ("AWS4-HMAC-SHA256 x", "X-Amz-Signature=00", .ambiguousAuthentication),
            (nil, "X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256", .unsupportedAlgorithm),
            (nil, "X-Amz-Algorithm=AWS4-HMAC-SHA256", .malformedQueryAuthentication),
        ] as [(String?, String, AccessError.Code)])
    func malformed(authorization: String?, query: String, expected: AccessError.Code) async {
        var headers = [
            PlainHeader("host", "a"), PlainHeader("x-amz-date", "20130524T000000Z"),
            PlainHeader("x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
        ]
        if let authorization { headers.append(PlainHeader("authorization", authorization)) }
        let request = PlainRequest(method: "GET", path: "/", query: query, headers: headers)
        let code = await Verification.code(
            Self.documented, request, at: Verification.documentedMilliseconds)
        #expect(code == expected)
    }

    @Test("an unknown access key is told apart from a wrong secret")
    func unknownKey() async {
        let verifier = RequestVerifier(credentials: RootCredentials(accessKey: "b", secret: "c"))
        let code = await Verification.code(
            verifier, Verification.request(SignatureVector.documented[0]),
            at: Verification.documentedMilliseconds)
        #expect(code == .unknownAccessKey)
    }

    @Test(
        "a presigned URL lives from a second to a week",
        arguments: [("0", true), ("604801", true), ("-1", true), ("x", true), ("604800", false)])
    func life(expires: String, isMalformed: Bool) async {
        var request = Verification.request(SignatureVector.documented[4])
        request.query = request.query.replacing("Expires=86400", with: "Expires=\(expires)")
        let code = await Verification.code(
            Self.documented, request, at: Verification.documentedMilliseconds)
        #expect(code == (isMalformed ? .malformedQueryAuthentication : .signatureDoesNotMatch))
    }

    @Test("a parameter of the signature that comes twice is refused")
    func duplicates() async {
        var request = Verification.request(SignatureVector.documented[4])
        request.query += "&X-Amz-Expires=1"
        let code = await Verification.code(
            Self.documented, request, at: Verification.documentedMilliseconds)
        #expect(code == .malformedQueryAuthentication)
    }

    @Test(
        "a payload hash that is none is refused",
        arguments: ["", "abc", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", "unsigned-payload"])
    func payloadHashes(value: String) async {
        var request = Verification.request(SignatureVector.documented[0])
        request.headers.removeAll { $0.name == "x-amz-content-sha256" }
        var code = await Verification.code(
            Self.documented, request, at: Verification.documentedMilliseconds)
        #expect(code == .missingContentHash)
        request.headers.append(PlainHeader("x-amz-content-sha256", value))
        code = await Verification.code(
            Self.documented, request, at: Verification.documentedMilliseconds)
        #expect(code == .malformedContentHash)
    }

    @Test("a request without any signature is nobody's", arguments: ["", "prefix=a&x-amz-date=b"])
    func unsigned(query: String) async throws {
        let request = PlainRequest(
            method: "GET", path: "/b/k", query: query, headers: [PlainHeader("host", "a:1")])
        let verified = try await Self.documented.verify(
            request, nowMilliseconds: Verification.documentedMilliseconds)
        #expect(verified == nil)
    }

    @Test("a rotated secret counts at once, although signing keys are kept")
    func rotation() async throws {
        let source = RotatingCredentials()
        let verifier = RequestVerifier(credentials: source)
        let request = Verification.request(SignatureVector.documented[0])
        let now = Verification.documentedMilliseconds
        source.secret.withLock { $0 = SignatureVector.documentedSecret }
        #expect(await Verification.code(verifier, request, at: now) == nil)
        source.secret.withLock { $0 = "new" }
        #expect(await Verification.code(verifier, request, at: now) == .signatureDoesNotMatch)
    }

    @Test("more scopes than are kept are still verified")
    func manyScopes() async throws {
        var limits = AccessLimits()
        limits.signingKeys = 2
        let verifier = RequestVerifier(
            credentials: RootCredentials(accessKey: "key", secret: "secret"), limits: limits)
        for round in 0..<8 {
            let signer = RequestSigner(
                accessKey: "key", secret: "secret", region: "region-\(round % 4)")
            var request = PlainRequest(
                method: "GET", target: "/b/k", headers: [PlainHeader("host", "a:1")])
            request.headers += try signer.sign(request, payload: .unsigned, at: 1_700_000_000)
                .headers
            #expect(
                await Verification.code(verifier, request, at: 1_700_000_000_000) == nil)
        }
    }
}

@Suite("What a principal may do")
struct PolicyTests {
    @Test("root may do all, who was granted nothing nothing", arguments: Action.allCases)
    func decisions(action: Action) throws {
        try Principal.root.require(action, bucket: "bucket", key: "key")
        #expect(throws: AccessError.self) {
            try Principal(name: "nobody", policy: .none).require(
                action, bucket: "bucket", key: "key")
        }
    }

    @Test("a credential's description holds no secret")
    func redaction() {
        let credential = Credential(accessKey: "key", secret: "hidden", principal: .root)
        #expect("\(credential)" == "key (root)")
    }
}
