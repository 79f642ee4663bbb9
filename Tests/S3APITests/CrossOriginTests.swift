// Pages of other origins: what a bucket lets them ask, before and with the answer.

import HTTPTypes
import S3API
import Testing

@Suite("Requests from pages of other origins")
struct CrossOriginTests {
    /// What Quay puts when it sets up its storage, and a rule for one site.
    private static let configuration = """
        <CORSConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><CORSRule>\
        <ID>site</ID><AllowedOrigin>https://*.example.org</AllowedOrigin>\
        <AllowedMethod>DELETE</AllowedMethod><AllowedHeader>x-amz-*</AllowedHeader>\
        <ExposeHeader>ETag</ExposeHeader><ExposeHeader>x-amz-request-id</ExposeHeader>\
        </CORSRule><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod>\
        <AllowedMethod>PUT</AllowedMethod><AllowedHeader>Authorization</AllowedHeader>\
        <AllowedHeader>Content-Type</AllowedHeader><MaxAgeSeconds>3000</MaxAgeSeconds>\
        </CORSRule></CORSConfiguration>
        """

    private func preflight(
        _ s3: TestServer, _ origin: String?, _ method: String?, _ headers: String? = nil,
        bucket: String = "bucket"
    ) async -> Reply {
        var fields: HTTPFields = [.other("host"): "localhost:9000"]
        fields[.origin] = origin
        fields[.accessControlRequestMethod] = method
        fields[.accessControlRequestHeaders] = headers
        return await s3.sendRaw(.options, "/\(bucket)/k", fields)
    }

    @Test("a preflight is answered by the first rule that allows all of it, to whoever asks")
    func allowed() async throws {
        let s3 = try await TestServer.withBucket()
        #expect(await s3.put("/bucket?cors", Self.configuration).status == 200)
        let any = await preflight(s3, "https://a", "PUT", "content-type, Authorization")
        #expect(any.status == 200 && any.body.isEmpty)
        #expect(any.fields[.accessControlAllowOrigin] == "*")
        #expect(any.fields[.accessControlAllowMethods] == "GET, PUT")
        #expect(any.fields[.accessControlAllowHeaders] == "content-type, authorization")
        #expect(any.fields[.accessControlMaxAge] == "3000")
        #expect(any.fields[.accessControlAllowCredentials] == nil)
        let site = await preflight(s3, "https://www.example.org", "DELETE", "x-amz-date")
        #expect(site.fields[.accessControlAllowOrigin] == "https://www.example.org")
        #expect(site.fields[.accessControlAllowCredentials] == "true")
        #expect(site.fields[.accessControlExposeHeaders] == "ETag, x-amz-request-id")
        #expect(site.fields[.vary]?.contains("Origin") == true)
    }

    @Test("a preflight that no rule allows, or that is none, is refused")
    func refused() async throws {
        let s3 = try await TestServer.withBucket()
        #expect(await preflight(s3, "https://a", "GET").code == "AccessForbidden")
        #expect(await s3.put("/bucket?cors", Self.configuration).status == 200)
        #expect(await preflight(s3, "https://a", "DELETE").status == 403)
        #expect(await preflight(s3, "https://example.org", "DELETE").status == 403)
        #expect(await preflight(s3, "https://a", "PUT", "x-amz-date").status == 403)
        #expect(await preflight(s3, nil, "GET").code == "BadRequest")
        #expect(await preflight(s3, "https://a", nil).code == "BadRequest")
        #expect(await preflight(s3, "https://a", "GET", bucket: "none").status == 403)
        #expect(await preflight(s3, "https://a", "GET", bucket: "-system").status == 403)
    }

    @Test("answers say who may see them, errors too, and nothing to whom no rule allows")
    func answers() async throws {
        let s3 = try await TestServer.withBucket()
        #expect(await s3.put("/bucket?cors", Self.configuration).status == 200)
        _ = await s3.put("/bucket/k", "x")
        let get = await s3.get("/bucket/k", [.origin: "https://a"])
        #expect(get.body == "x" && get.fields[.accessControlAllowOrigin] == "*")
        let missing = await s3.get("/bucket/none", [.origin: "https://a"])
        #expect(missing.code == "NoSuchKey" && missing.fields[.accessControlAllowOrigin] == "*")
        let other = await s3.delete("/bucket/k", [.origin: "https://a"])
        #expect(other.status == 204 && other.fields[.accessControlAllowOrigin] == nil)
        #expect(await s3.get("/bucket/k").fields[.vary] == nil)
        #expect(await s3.delete("/bucket?cors").status == 204)
        let after = await s3.get("/bucket", [.origin: "https://a"])
        #expect(after.fields[.accessControlAllowOrigin] == nil)
    }

    @Test("a configuration is shown as it is understood")
    func shown() async throws {
        let s3 = try await TestServer.withBucket()
        #expect(await s3.put("/bucket?cors", Self.configuration).status == 200)
        let shown = await s3.get("/bucket?cors")
        #expect(shown.body.hasSuffix(Self.configuration))
    }

    @Test(
        "a configuration that cannot be heeded is not taken",
        arguments: [
            ("<AllowedMethod>GET</AllowedMethod>", "<AllowedMethod>PATCH</AllowedMethod>"),
            ("https://*.example.org", "https://*.*.org"), ("x-amz-*", "*-*"),
            ("<ExposeHeader>ETag", "<ExposeHeader>x-*"),
        ])
    func unheeded(_ part: String, _ other: String) async throws {
        let s3 = try await TestServer.withBucket()
        let document = Self.configuration.replacing(part, with: other)
        #expect(document != Self.configuration)
        #expect(await s3.put("/bucket?cors", document).code == "InvalidRequest")
        #expect(await s3.get("/bucket?cors").code == "NoSuchCORSConfiguration")
    }

    @Test("the name of a rule has its limit")
    func longID() async throws {
        let s3 = try await TestServer.withBucket()
        for (count, status) in [(255, 200), (256, 400)] {
            let document = Self.configuration.replacing(
                "<ID>site<", with: "<ID>\(String(repeating: "s", count: count))<")
            let put = await s3.put("/bucket?cors", document)
            #expect(put.status == status && (status == 200 || put.code == "InvalidArgument"))
        }
    }

    @Test(
        "a configuration that is none is not taken",
        arguments: [
            "<CORSConfiguration/>", "<CORSConfiguration><Rule/></CORSConfiguration>",
            "<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod></CORSRule>"
                + "</CORSConfiguration>",
            "<CORSConfiguration>"
                + String(
                    repeating: "<CORSRule><AllowedOrigin>*</AllowedOrigin>"
                        + "<AllowedMethod>GET</AllowedMethod></CORSRule>", count: 101)
                + "</CORSConfiguration>",
            "{}",
        ])
    func none(_ document: String) async throws {
        let s3 = try await TestServer.withBucket()
        #expect(await s3.put("/bucket?cors", document).code == "MalformedXML")
    }
}
