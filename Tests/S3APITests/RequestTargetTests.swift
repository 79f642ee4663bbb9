// What a request target names.

internal import S3API
internal import Storage
import Testing

@Suite("Request targets")
struct RequestTargetTests {
    private let limits = S3Limits()

    @Test("a path names the service, a bucket or an object")
    func levels() throws {
        let service = try RequestTarget("/", limits: limits)
        #expect(service.bucket == nil && service.key == nil)
        for text in ["/bucket", "/bucket/"] {
            let bucket = try RequestTarget(text, limits: limits)
            #expect(bucket.bucket == "bucket" && bucket.key == nil)
        }
        let object = try RequestTarget("/bucket/a/b?x=1", limits: limits)
        #expect(object.bucket == "bucket" && object.key == "a/b")
        #expect(object.query["x"] == "1" && object.resource == "/bucket/a/b")
    }

    @Test(
        "keys are data: nothing in them is resolved, and a plus is a plus",
        arguments: [
            ("/b/../x", "../x"), ("/b/a//b", "a//b"), ("/b//a", "/a"), ("/b/a/./b", "a/./b"),
            ("/b/a+b", "a+b"), ("/b/a%20b%2Bc%2F", "a b+c/"), ("/b/%2e%2e/%00", "../\0"),
            ("/b/%C3%A9", "é"), ("/b/a%3Fb", "a?b"), ("http://host:1/b/k", "k"),
        ])
    func keys(_ target: String, _ key: String) throws {
        let parsed = try RequestTarget(target, limits: limits)
        #expect(parsed.key == ObjectKey(key))
        #expect(parsed.bucket == "b")
    }

    @Test(
        "what cannot be read is refused",
        arguments: ["", "b/k", "/b/%", "/b/%4", "/b/%zz", "/b/%FF", "/b/%C3", "/b?prefix=%FF", "*"])
    func malformed(_ target: String) {
        #expect(throws: S3Error.self) { try RequestTarget(target, limits: limits) }
    }

    @Test("a key may have 1024 bytes and no more")
    func keyLength() throws {
        let longest = String(repeating: "é", count: 512)
        let encoded = String(repeating: "%C3%A9", count: 512)
        #expect(try RequestTarget("/b/" + encoded, limits: limits).key == ObjectKey(longest))
        let error = #expect(throws: S3Error.self) {
            try RequestTarget("/b/x" + encoded, limits: limits)
        }
        #expect(error?.code == .keyTooLong)
    }

    @Test("a query's plus is a space, and a parameter may lack its value")
    func queries() throws {
        let query = try RequestTarget("/b?a=x+y&uploads&c=&&d=1=2", limits: limits).query
        #expect(query["a"] == "x y")
        #expect(query["uploads"] == "" && query["c"] == "" && query["d"] == "1=2")
        #expect(query["e"] == nil && query.items.count == 4)
    }

    @Test("a host in front of the domain names the bucket")
    func virtualHosts() throws {
        func bucket(_ host: String?) -> String? {
            RequestTarget.virtualHostBucket(host: host, domain: "s3.example.org")
        }
        #expect(bucket("images.s3.example.org:8080") == "images")
        #expect(bucket("a.b.S3.example.org") == "a.b")
        #expect(bucket("s3.example.org") == nil && bucket(".s3.example.org") == nil)
        #expect(bucket(nil) == nil && bucket("example.org") == nil)
        let target = try RequestTarget("/a/b", virtualHostBucket: "images", limits: limits)
        #expect(target.bucket == "images" && target.key == "a/b")
        let root = try RequestTarget("/", virtualHostBucket: "images", limits: limits)
        #expect(root.bucket == "images" && root.key == nil)
    }
}
