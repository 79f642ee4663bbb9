import Access
import Checksums
import Testing

@Suite("Signing requests")
struct RequestSignerTests {
    static let signer = RequestSigner(
        accessKey: SignatureVector.accessKey, secret: SignatureVector.documentedSecret)
    static let seconds = Verification.documentedMilliseconds / 1000

    @Test("the signer makes the documented signatures", arguments: SignatureVector.documented[..<4])
    func headers(vector: SignatureVector) throws {
        let ownHeaders = ["authorization", "x-amz-date", "x-amz-content-sha256"]
        var request = Verification.request(vector)
        let expected = request.header("authorization")?.suffix(64)
        request.headers.removeAll { ownHeaders.contains($0.name) }
        let signed = try Self.signer.sign(
            request,
            payload: .hashed(MessageDigest.hash(.sha256, Array(vector.body.utf8))),
            at: Self.seconds)
        #expect(signed.headers.map(\.name).sorted() == ownHeaders.sorted())
        #expect(signed.headers.last?.value.suffix(64) == expected)
    }

    @Test(
        "times are written as dates",
        arguments: [
            (0, "19700101T000000Z"), (951_782_399, "20000228T235959Z"),
            (951_782_400, "20000229T000000Z"), (1_709_251_199, "20240229T235959Z"),
            (1_735_689_599, "20241231T235959Z"), (4_107_542_400, "21000301T000000Z"),
            (-1, "19691231T235959Z"),
        ] as [(Int64, String)])
    func times(seconds: Int64, expected: String) async throws {
        var request = PlainRequest(
            method: "GET", target: "/", headers: [PlainHeader("host", "a")])
        request.headers += try Self.signer.sign(request, payload: .unsigned, at: seconds).headers
        #expect(request.header("x-amz-date") == expected)
        // And read back as the same second.
        let verifier = Verification.verifier(SignatureVector.documentedSecret)
        #expect(
            await Verification.code(verifier, request, at: (seconds + 900) * 1000) == nil)
        #expect(
            await Verification.code(verifier, request, at: (seconds + 901) * 1000)
                == .requestTimeTooSkewed)
    }

    @Test("the signer makes the documented presigned URL")
    func presigned() throws {
        let vector = SignatureVector.documented[4]
        let target = try Self.signer.presign(
            PlainRequest(
                method: "GET", target: "/test.txt",
                headers: [PlainHeader("host", "examplebucket.s3.amazonaws.com")]),
            lifeSeconds: 86_400, at: Self.seconds)
        #expect(target == vector.target)
    }

    @Test(
        "what the signer signs, the verifier accepts",
        arguments: [
            "/", "/bucket/a%20b+c", "/bucket/%", "/bucket/ü", "/bucket//x/../y",
            "/bucket?list-type=2&prefix=a%2Fb+c&a-b=1&a=2&a=1&&x",
        ])
    func roundTrips(target: String) async throws {
        var request = PlainRequest(
            method: "PUT", target: target,
            headers: [
                PlainHeader("host", "localhost:9000"), PlainHeader("x-amz-meta-a", "  b   c "),
                PlainHeader("x-amz-meta-a", "d"), PlainHeader("content-type", ""),
            ])
        let verifier = Verification.verifier(SignatureVector.documentedSecret)
        let presigned = PlainRequest(
            method: "PUT",
            target: try Self.signer.presign(request, lifeSeconds: 60, at: Self.seconds),
            headers: request.headers)
        request.headers += try Self.signer.sign(request, payload: .unsigned, at: Self.seconds)
            .headers
        for signed in [request, presigned] {
            let verified = try await verifier.verify(
                signed, nowMilliseconds: Verification.documentedMilliseconds)
            #expect(verified?.payload == .unsigned)
        }
    }
}
