// All that is known of one name, as one record: how a generation begins with what was live, and how what has
// served its purpose is let go of.

package import Storage

/// From here on the register of the name is this one, whatever it was; or, where it `continues`, it has these
/// versions too, for a register that is too long for one record. An empty one forgets the name.
package struct RegisterRecord: Hashable, Sendable {
    package var name: ObjectName
    package var register: ObjectRegister
    package var continues: Bool

    package init(name: ObjectName, register: ObjectRegister, continues: Bool = false) {
        self.name = name
        self.register = register
        self.continues = continues
    }

    /// Tag 3 once for each purge and then for each version: the body of its object record.
    func encode() -> [UInt8] {
        var writer = FieldWriter(reserving: 512)
        writer.text(1, name.bucket)
        writer.field(2, name.key.bytes)
        for version in register.purges + register.versions {
            writer.field(3, ObjectRecord.encode(version))
        }
        if continues { writer.number(4, 1) }
        return writer.bytes
    }

    static func decode(_ body: ArraySlice<UInt8>) throws(FieldError) -> RegisterRecord {
        var reader = FieldReader(body, of: "register record")
        var bucket: String?
        var key: ObjectKey?
        var register = ObjectRegister()
        var continues = false
        while let field = try reader.next() {
            switch field.tag {
            case 1: bucket = field.text()
            case 2: key = ObjectKey(bytes: Array(field.bytes))
            case 3: register.insert(try ObjectRecord.decode(field.bytes))
            case 4: continues = try field.number() != 0
            default: try reader.passOver(field)
            }
        }
        guard let bucket, let key else { throw reader.missing("name") }
        return RegisterRecord(
            name: ObjectName(bucket: bucket, key: key), register: register, continues: continues)
    }
}
