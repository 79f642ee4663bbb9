// What no policy of a bucket may allow (Amazon S3 User Guide, "Blocking public access to your Amazon S3
// storage"). Of ACLs there is nothing to block: none grants more than private.

internal import NIOCore

struct PublicAccessBlock: Sendable, Hashable {
    private static let root = "PublicAccessBlockConfiguration"

    var blocksPublicACLs = false
    var ignoresPublicACLs = false
    /// A policy that allows anything to everyone is refused when it is put.
    var blocksPublicPolicy = false
    /// A policy that is there already allows nothing to who has no key.
    var restrictsPublicBuckets = false

    /// Blocks all there is.
    static let everything: PublicAccessBlock = {
        var block = PublicAccessBlock()
        for (_, path) in switches { block[keyPath: path] = true }
        return block
    }()

    private static var switches: [(name: String, path: WritableKeyPath<Self, Bool>)] {
        [
            ("BlockPublicAcls", \.blocksPublicACLs), ("IgnorePublicAcls", \.ignoresPublicACLs),
            ("BlockPublicPolicy", \.blocksPublicPolicy),
            ("RestrictPublicBuckets", \.restrictsPublicBuckets),
        ]
    }

    private init() {}

    /// What another region took, and this one does not understand, may block anything.
    init(inForce document: ByteBuffer, limits: S3Limits) {
        do throws(S3Error) {
            try self.init(document: document, limits: limits)
        } catch {
            self = .everything
        }
    }

    /// Throws `MalformedXML`.
    init(document: ByteBuffer, limits: S3Limits) throws(S3Error) {
        let root = try XMLElement.parse(
            document, root: Self.root, depth: limits.documentDepth,
            elements: limits.documentElements)
        try root.expectChildren(Set(Self.switches.map(\.name)))
        for (name, path) in Self.switches {
            guard let text = root.child(name)?.trimmedText.lowercased() else { continue }
            guard let value = Bool(text) else { throw .malformedXML }
            self[keyPath: path] = value
        }
    }

    var document: ByteBuffer {
        XMLWriter.document(Self.root) { writer in
            for (name, path) in Self.switches { writer.element(name, self[keyPath: path]) }
        }
    }
}
