// Documents and targets of S3 requests.

import NIOCore
import Storage

@testable import S3API

/// Documents that clients send: what is read of them is what a plain reading of the same tree says.
@Sendable func fuzzS3Documents(_ bytes: [UInt8]) {
    let limits = S3Limits()
    let buffer = ByteBuffer(bytes: bytes)
    if let parts = try? CompleteDocument.parse(buffer, limits: limits) {
        precondition((1...limits.parts).contains(parts.count))
        precondition(parts.allSatisfy { (1...limits.parts).contains($0.number) })
        let written = write(parts)
        let again = try? CompleteDocument.parse(written, limits: limits)
        precondition(again == parts, "\(parts) became \(String(describing: again))")
    }
    if let document = try? DeleteDocument(buffer, limits: limits) {
        precondition((1...limits.deletedKeys).contains(document.items.count))
        precondition(document.items.allSatisfy { !$0.key.isEmpty })
    }
    for depth in [1, 8] {
        guard let root = try? XMLElement.parse(buffer, root: "Delete", depth: depth, elements: 50)
        else {
            continue
        }
        precondition(root.depth <= depth, "a document is deeper than \(depth)")
    }
}

extension XMLElement {
    fileprivate var depth: Int { 1 + (children.map(\.depth).max() ?? 0) }
}

private func write(_ parts: [CompletedPart]) -> ByteBuffer {
    var text = "<CompleteMultipartUpload>"
    for part in parts {
        text +=
            "<Part><PartNumber>\(part.number)</PartNumber><ETag>\"\(escaped(part.etag))\"</ETag>"
        for (algorithm, bytes) in part.checksums {
            text += "<\(algorithm.elementName)>\(Base64.encode(bytes))</\(algorithm.elementName)>"
        }
        text += "</Part>"
    }
    return ByteBuffer(string: text + "</CompleteMultipartUpload>")
}

private func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\r": result += "&#13;"
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result
}

/// A request target: a key that was read from it, encoded again, is read as the same key.
@Sendable func fuzzS3Target(_ bytes: [UInt8]) {
    let limits = S3Limits()
    let text = String(decoding: bytes, as: UTF8.self)
    guard let target = try? RequestTarget(text, limits: limits) else { return }
    guard let key = target.key, let bucket = target.bucket else { return }
    precondition(!key.bytes.isEmpty && key.bytes.count <= limits.keyBytes)
    let path =
        "/" + PercentCoding.encode(Array(bucket.utf8)).replacingSlashes + "/"
        + PercentCoding.encode(key.bytes)
    let again = try? RequestTarget(path, limits: limits)
    precondition(again?.key == key && again?.bucket == bucket, "“\(text)” became “\(path)”")
}

extension String {
    fileprivate var replacingSlashes: String {
        split(separator: "/", omittingEmptySubsequences: false).joined(separator: "%2F")
    }
}
