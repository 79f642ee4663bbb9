// The body of a CompleteMultipartUpload: which parts make the object, and what they are.

internal import NIOCore
internal import Storage

enum CompleteDocument {
    /// The parts in the order of the document. Throws `MalformedXML`, `InvalidRequest`.
    static func parse(
        _ bytes: ByteBuffer, limits: S3Limits
    ) throws(S3Error) -> [CompletedPart] {
        // The root, and a Part with all its children for each part.
        let root = try XMLElement.parse(
            bytes, root: "CompleteMultipartUpload", depth: limits.documentDepth,
            elements: 1 + (1 + elements.count) * limits.parts)
        try root.expectChildren(["Part"], repeated: ["Part"])
        guard (1...limits.parts).contains(root.children.count) else { throw .malformedXML }
        return try root.children.map { element throws(S3Error) in
            try part(element, limits: limits)
        }
    }

    private static func part(
        _ element: XMLElement, limits: S3Limits
    ) throws(S3Error) -> CompletedPart {
        try element.expectChildren(elements)
        guard let text = element.child("PartNumber")?.trimmedText, let number = Int(text),
            let etag = element.child("ETag")?.trimmedText
        else { throw .malformedXML }
        guard (1...limits.parts).contains(number) else { throw .invalidPartNumberArgument(text) }
        var part = CompletedPart(number: number, etag: ETags.unquoted(etag))
        for algorithm in ChecksumAlgorithm.allCases {
            guard let text = element.child(algorithm.elementName)?.trimmedText else { continue }
            part.checksums[algorithm] = try algorithm.decode(text, from: algorithm.elementName)
        }
        return part
    }

    private static let elements = Set(
        ["PartNumber", "ETag"] + ChecksumAlgorithm.allCases.map(\.elementName))
}
