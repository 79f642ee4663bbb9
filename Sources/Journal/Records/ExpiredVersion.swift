// What the journal says when a version that was history is let go of. It names the version and nothing
// else: unlike a purge it says nothing to other regions, and leaves nothing behind.

internal import Storage

enum ExpiredVersion {
    static func encode(_ reference: VersionReference) -> [UInt8] {
        var writer = FieldWriter(reserving: 160)
        writer.text(1, reference.name.bucket)
        writer.field(2, reference.name.key.bytes)
        writer.version(3, reference.version)
        return writer.bytes
    }

    static func decode(_ body: ArraySlice<UInt8>) throws(FieldError) -> VersionReference {
        var reader = FieldReader(body, of: "expired version")
        var bucket: String?
        var key: ObjectKey?
        var version: Version?
        while let field = try reader.next() {
            switch field.tag {
            case 1: bucket = field.text()
            case 2: key = ObjectKey(bytes: Array(field.bytes))
            case 3: version = try field.version()
            default: try reader.passOver(field)
            }
        }
        guard let bucket, let key, let version else { throw reader.missing("name or version") }
        return VersionReference(name: ObjectName(bucket: bucket, key: key), version: version)
    }
}
