// The policy document of a bucket, as far as it is offered: everyone may read objects (Amazon S3 User Guide,
// "Policies and permissions in Amazon S3"). Whatever else a document may say is refused when it is put, so
// that no policy is stored that is not enforced.

internal import Foundation
package import Storage

/// What a bucket allows to everyone, without a key of theirs.
package struct BucketPolicy: Sendable, Hashable {
    /// Keys that may be read.
    private enum Readable: Sendable, Hashable {
        case key([UInt8])
        case prefix([UInt8])
    }

    private let bucket: String
    private let readable: [Readable]

    /// Whether everyone may do `action` to `key`; never to the bucket itself.
    package func allows(_ action: Action, bucket: String?, key: ObjectKey?) -> Bool {
        guard action == .read, bucket == self.bucket, let key else { return false }
        return readable.contains { readable in
            switch readable {
            case .key(let only): key.bytes == only
            case .prefix(let prefix): key.bytes.starts(with: prefix)
            }
        }
    }
}

// MARK: The document

extension BucketPolicy {
    /// Why a document is not taken.
    package enum Refusal: Error, Hashable {
        case malformed(String)
        /// Well-formed, and not offered here.
        case notOffered(String)
    }

    private typealias Fields = [String: Any]

    /// Reads the document of `bucket`.
    package init(
        document: some Collection<UInt8>, bucket: String
    ) throws(Refusal) {
        let parsed = try? JSONSerialization.jsonObject(with: Data(document))
        guard let fields = parsed as? Fields else {
            throw .malformed("Policies must be valid JSON and the first byte must be '{'")
        }
        try Self.check(fields, known: ["Version", "Id", "Statement"], of: "policy")
        if let version = fields["Version"] {
            guard let version = version as? String, Self.versions.contains(version) else {
                throw .malformed("The policy must contain a valid version string")
            }
        }
        let statements = fields["Statement"] as? [Any] ?? fields["Statement"].map { [$0] } ?? []
        guard !statements.isEmpty else {
            throw .malformed("Could not parse the policy: Statement is empty!")
        }
        var readable: [Readable] = []
        for statement in statements {
            guard let statement = statement as? Fields else {
                throw .malformed("Could not parse the policy: a statement is no object")
            }
            readable += try Self.readable(by: statement, bucket: bucket)
        }
        self.init(bucket: bucket, readable: readable)
    }

    private static let versions: Set<String> = ["2008-10-17", "2012-10-17"]
    private static let resourcePrefix = "arn:aws:s3:::"

    private static func readable(
        by statement: Fields, bucket: String
    ) throws(Refusal) -> [Readable] {
        try check(
            statement, known: ["Sid", "Effect", "Principal", "Action", "Resource"], of: "statement")
        switch statement["Effect"] as? String {
        case "Allow": break
        case "Deny": throw .notOffered("A policy with the effect Deny")
        default: throw .malformed("Invalid effect")
        }
        guard isEveryone(statement["Principal"]) else {
            throw .notOffered("A policy for another principal than \"*\"")
        }
        for action in try strings("Action", of: statement) where action != "s3:GetObject" {
            throw .notOffered("A policy with the action \(action)")
        }
        var readable: [Readable] = []
        for resource in try strings("Resource", of: statement) {
            readable.append(try keys(of: resource, bucket: bucket))
        }
        return readable
    }

    private static func check(
        _ fields: Fields, known: Set<String>, of what: String
    ) throws(Refusal) {
        for name in fields.keys.sorted() where !known.contains(name) {
            throw .notOffered("A \(what) with the element \(name)")
        }
    }

    private static func isEveryone(_ principal: Any?) -> Bool {
        switch principal {
        case let name as String: name == "*"
        case let fields as Fields:
            fields.count == 1
                && (fields["AWS"] as? String == "*" || fields["AWS"] as? [String] == ["*"])
        default: false
        }
    }

    private static func strings(_ name: String, of fields: Fields) throws(Refusal) -> [String] {
        let values = fields[name] as? [String] ?? (fields[name] as? String).map { [$0] } ?? []
        guard !values.isEmpty else { throw .malformed("Missing required field \(name)") }
        return values
    }

    /// The keys that `arn:aws:s3:::<bucket>/<key, or prefix with a * at its end>` names.
    private static func keys(of resource: String, bucket: String) throws(Refusal) -> Readable {
        let owned = resourcePrefix + bucket + "/"
        guard resource.utf8.starts(with: owned.utf8), resource.utf8.count > owned.utf8.count else {
            throw .malformed("Policy has invalid resource: \(resource)")
        }
        let pattern = Array(resource.utf8.dropFirst(owned.utf8.count))
        let isPrefix = pattern.last == UInt8(ascii: "*")
        let plain = isPrefix ? pattern.dropLast() : pattern[...]
        guard !plain.contains(where: { special.contains($0) }) else {
            throw .notOffered("A resource with a wildcard or a variable before its end")
        }
        return isPrefix ? .prefix(Array(plain)) : .key(pattern)
    }

    private static let special: Set<UInt8> = Set("*?$".utf8)
}
