// What a bucket's policy allows to everyone, and what is refused when it is put.

import Access
import Storage
import Testing

@Suite("Policies of buckets")
struct BucketPolicyTests {
    private static let everything = #"""
        {"Version":"2012-10-17","Id":"x","Statement":[{"Sid":"y","Effect":"Allow","Principal":"*",
        "Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}]}
        """#

    private static func policy(_ document: String) throws(BucketPolicy.Refusal) -> BucketPolicy {
        try BucketPolicy(document: Array(document.utf8), bucket: "b")
    }

    @Test("everyone may read, and nothing else", arguments: Action.allCases)
    func actions(action: Action) throws {
        let policy = try Self.policy(Self.everything)
        #expect(policy.allows(action, bucket: "b", key: "k") == (action == .read))
        #expect(!policy.allows(action, bucket: "b", key: nil))
        #expect(!policy.allows(action, bucket: nil, key: nil))
        #expect(!policy.allows(action, bucket: "c", key: "k"))
        let principal = Principal.anonymous(policy)
        #expect(principal.policy.allows(action, bucket: "b", key: "k") == (action == .read))
    }

    @Test("a resource is a key, or a prefix")
    func resources() throws {
        let policy = try Self.policy(
            #"""
            {"Statement":{"Effect":"Allow","Principal":{"AWS":["*"]},"Action":["s3:GetObject"],
            "Resource":["arn:aws:s3:::b/public/*","arn:aws:s3:::b/one"]}}
            """#)
        for key in ["public/", "public/a/b", "one"] {
            #expect(policy.allows(.read, bucket: "b", key: ObjectKey(key)), "\(key)")
        }
        for key in ["public", "one/", "onerous", "two", "Public/a"] {
            #expect(!policy.allows(.read, bucket: "b", key: ObjectKey(key)), "\(key)")
        }
    }

    @Test(
        "what is no policy is malformed",
        arguments: [
            "", "[]", "{}", "{\"Statement\":[]}", "{\"Statement\":[1]}",
            everything.replacing("2012-10-17", with: "2012"),
            everything.replacing("Allow", with: "allow"),
            everything.replacing("\"s3:GetObject\"", with: "[]"),
            everything.replacing("s3:::b/*", with: "s3:::c/*"),
            everything.replacing("s3:::b/*", with: "s3:::b"),
            everything.replacing("arn:aws:s3:::b/*", with: "*"),
        ])
    func malformed(document: String) {
        let refusal = #expect(throws: BucketPolicy.Refusal.self) { try Self.policy(document) }
        guard case .malformed = refusal else {
            Issue.record("\(String(describing: refusal))")
            return
        }
    }

    @Test(
        "what is not enforced is refused",
        arguments: [
            everything.replacing("Allow", with: "Deny"),
            everything.replacing("\"*\"", with: "{\"AWS\":\"arn:aws:iam::1:root\"}"),
            everything.replacing("\"Principal\"", with: "\"NotPrincipal\""),
            everything.replacing("s3:GetObject", with: "s3:PutObject"),
            everything.replacing("s3:GetObject", with: "s3:*"),
            everything.replacing("s3:::b/*", with: "s3:::b/*/x*"),
            everything.replacing("s3:::b/*", with: "s3:::b/?"),
            everything.replacing("s3:::b/*", with: "s3:::b/${aws:username}/*"),
            everything.replacing("\"Effect\"", with: "\"Condition\":{},\"Effect\""),
        ])
    func notOffered(document: String) {
        let refusal = #expect(throws: BucketPolicy.Refusal.self) { try Self.policy(document) }
        guard case .notOffered = refusal else {
            Issue.record("\(String(describing: refusal))")
            return
        }
    }
}
