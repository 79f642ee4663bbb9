// What registries store: the paths of their layout, and manifests.

import NIOCore
import RegistryLayout
import Storage

/// A key that is recognised is the key of what was recognised: two keys never mean one path.
@Sendable func fuzzLayoutPath(_ bytes: [UInt8]) {
    for prefix in ["", "docker/registry/v2/", "root/docker/registry/v2/repositories/a/"] {
        let key = ObjectKey(bytes: Array(prefix.utf8) + bytes)
        guard let path = LayoutPath(key) else { continue }
        precondition(path.key == key, "\(key.bytes) was read as \(path)")
    }
}

/// What a manifest names can be said again by a manifest that names the same.
@Sendable func fuzzManifest(_ bytes: [UInt8]) {
    guard let found = try? ManifestReferences(parsing: ByteBuffer(bytes: bytes)) else { return }
    func descriptors(_ digests: [ContentDigest]) -> String {
        digests.map { #"{"digest":"\#($0)"}"# }.joined(separator: ",")
    }
    var fields = [#""layers":[\#(descriptors(found.layers))]"#]
    fields.append(#""manifests":[\#(descriptors(found.manifests))]"#)
    if let config = found.config { fields.append(#""config":{"digest":"\#(config)"}"#) }
    if let subject = found.subject { fields.append(#""subject":{"digest":"\#(subject)"}"#) }
    let text = "{" + fields.joined(separator: ",") + "}"
    let again = try? ManifestReferences(parsing: ByteBuffer(string: text))
    precondition(again == found, "\(found) became \(String(describing: again))")
}
