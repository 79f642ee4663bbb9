import Access
import Testing

@Suite("Presigned URLs of version 2")
struct SignatureV2Tests {
    /// The example of Amazon's page, in path style.
    static let documented =
        "/johnsmith/photos/puppy.jpg?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE"
        + "&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620"

    /// The same in its own style, where the host names the bucket.
    static let documentedByHost = documented.replacing("/johnsmith/", with: "/")

    /// Made by botocore 1.43 for a custom endpoint.
    static let botocore = [
        (
            "GET",
            "/bucket/a%20b%2Bc/%C3%A9?response-content-type=text%2Fhtml%3B%20x%3Dy"
                + "&response-content-disposition=attachment%3B%20filename%3D%22a%20b%22"
                + "&AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE"
                + "&Signature=3PqI0VsBRoRjtAyXM6en%2FTWjFg4%3D&Expires=1795243354"
        ),
        (
            "HEAD",
            "/bucket/k?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE"
                + "&Signature=tuhS6Ta%2BFTLmtrDIVzrEUIeugWs%3D&Expires=1795243354"
        ),
        (
            "GET",
            "/bucket/k?uploadId=u&AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE"
                + "&Signature=kM53PMHZwrEpNGhLZks3qmg8fi4%3D&Expires=1795243354"
        ),
    ]

    private func code(
        _ method: String, _ target: String, at seconds: Int64, accepts: Bool = true,
        secret: String = SignatureVector.documentedSecret, hostBucket: String? = nil
    ) async -> AccessError.Code? {
        let verifier = RequestVerifier(
            credentials: RootCredentials(accessKey: SignatureVector.accessKey, secret: secret),
            acceptsQueryV2: accepts)
        var request = PlainRequest(
            method: method, target: target, headers: [PlainHeader("host", "localhost:9000")])
        request.hostBucket = hostBucket
        return await Verification.code(verifier, request, at: seconds * 1000)
    }

    @Test("the documented example is verified until it expires")
    func documentedExample() async {
        #expect(await code("GET", Self.documented, at: 1_175_139_620) == nil)
        #expect(await code("GET", Self.documented, at: 1_175_139_621) == .expired)
        let other = await code("GET", Self.documented, at: 1_175_139_620, secret: "other")
        #expect(other == .signatureDoesNotMatch)
        for (bucket, expected) in [
            ("johnsmith", nil), ("another", AccessError.Code.signatureDoesNotMatch),
            (nil, .signatureDoesNotMatch),
        ] {
            let byHost = await code(
                "GET", Self.documentedByHost, at: 1_175_139_620, hostBucket: bucket)
            #expect(byHost == expected)
        }
    }

    @Test("botocore's URLs are verified", arguments: botocore)
    func botocoreURLs(_ method: String, _ target: String) async {
        #expect(await code(method, target, at: 1_795_243_000) == nil)
        let key = target.replacing("/bucket/", with: "/bucket2/")
        #expect(await code(method, key, at: 1_795_243_000) == .signatureDoesNotMatch)
        for name in ["tagging", "%74agging", "%61cl", "%75ploadId=u", "%72esponse-content-type=a"] {
            let added = target + "&" + name
            #expect(await code(method, added, at: 1_795_243_000) == .signatureDoesNotMatch)
        }
        let later = target.replacing("1795243354", with: "1795243355")
        #expect(await code(method, later, at: 1_795_243_000) == .signatureDoesNotMatch)
    }

    @Test("a parameter that makes a signature is one however its name is written")
    func encodedNames() async {
        let encoded = Self.documented.replacing("AWSAccessKeyId", with: "%41WSAccessKeyId")
            .replacing("Expires", with: "Expire%73")
        #expect(await code("GET", encoded, at: 1_175_139_620) == nil)
        let twice = Self.documented + "&%45xpires=1"
        #expect(await code("GET", twice, at: 1_175_139_620) == .malformedQueryAuthentication)
        let both = Self.documented + "&%58-Amz-Signature=0"
        #expect(await code("GET", both, at: 1_175_139_620) == .unsupportedAlgorithm)
    }

    @Test("they read and do not write, and can be switched off")
    func limits() async {
        for method in ["PUT", "DELETE", "POST"] {
            let refused = await code(method, Self.documented, at: 1_175_139_620)
            #expect(refused == .unsupportedAlgorithm)
        }
        let off = await code("GET", Self.documented, at: 1_175_139_620, accepts: false)
        #expect(off == .unsupportedAlgorithm)
        for parameter in ["AWSAccessKeyId=x", "Signature=x", "Expires=1"] {
            let twice = await code("GET", Self.documented + "&" + parameter, at: 1_175_139_620)
            #expect(twice == .malformedQueryAuthentication)
        }
        let partial = await code("GET", "/b/k?AWSAccessKeyId=x&Expires=1", at: 0)
        #expect(partial == .malformedQueryAuthentication)
    }
}
