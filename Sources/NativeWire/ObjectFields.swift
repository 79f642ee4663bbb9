// Names, versions and entries as messages of the wire (tags: see `WireFormat.swift`).

internal import NIOCore
internal import Storage

extension FieldWriter {
    mutating func name(_ tag: UInt8, _ name: ObjectName) {
        message(tag) { fields in
            fields.text(1, name.bucket)
            fields.bytes(2, name.key.bytes)
        }
    }

    mutating func position(_ tag: UInt8, _ position: FeedPosition) {
        message(tag) { fields in
            fields.integer(1, position.incarnation)
            fields.integer(2, position.number)
        }
    }

    mutating func version(_ tag: UInt8, _ version: Version) {
        message(tag) { fields in
            fields.integer(1, version.stamp.rawValue)
            fields.integer(2, version.region.value)
        }
    }

    mutating func entry(_ entry: FeedEntry) {
        name(1, entry.object.name)
        version(2, entry.object.version)
        if let position = entry.object.position { self.position(3, position) }
        integer(4, entry.object.state.rawValue)
        switch entry.object.kind {
        case .put(let content): message(5) { $0.content(content) }
        case .tombstone: message(6) { _ in }
        case .purge(let target): version(7, target)
        }
        if let inline = entry.inlineBytes { buffer(8, inline) }
        if let recorded = entry.object.recordedMilliseconds { integer(9, recorded) }
        switch entry.object.versionID {
        case .unversioned: break
        case .null: bytes(128, [])
        case .stamp(let id): version(128, id)
        }
    }
}

extension Field {
    func name() throws(WireError) -> ObjectName {
        var fields = FieldReader(value)
        var bucket: String?
        var key: ObjectKey?
        while let field = try fields.next() {
            switch field.tag {
            case 1: bucket = try field.bucket()
            case 2: key = try field.key()
            default: try field.skip()
            }
        }
        return ObjectName(
            bucket: try required(bucket, "the bucket of a name"),
            key: try required(key, "the key of a name"))
    }

    func position() throws(WireError) -> FeedPosition {
        var fields = FieldReader(value)
        var incarnation: UInt64?
        var number: UInt64?
        while let field = try fields.next() {
            switch field.tag {
            case 1: incarnation = try field.integer()
            case 2: number = try field.integer()
            default: try field.skip()
            }
        }
        return FeedPosition(
            incarnation: try required(incarnation, "the incarnation of a position"),
            number: try required(number, "the number of a position"))
    }

    func version() throws(WireError) -> Version {
        var fields = FieldReader(value)
        var stamp: UInt64?
        var region: RegionID?
        while let field = try fields.next() {
            switch field.tag {
            case 1: stamp = try field.integer()
            case 2: region = try field.region()
            default: try field.skip()
            }
        }
        return Version(
            stamp: HybridTimestamp(rawValue: try required(stamp, "the stamp of a version")),
            region: try required(region, "the region of a version"))
    }

    func date() throws(WireError) -> Int64 {
        let date = try integer(Int64.self)
        guard WireLimits.dateMilliseconds.contains(date) else {
            throw invalid("is beyond the years 0 to 9999")
        }
        return date
    }

    func state() throws(WireError) -> ObjectVersion.State {
        guard let state = ObjectVersion.State(rawValue: try integer()) else {
            throw invalid("is no state of a version")
        }
        return state
    }
}

extension FeedEntry {
    init(message: ByteBuffer) throws(WireError) {
        guard message.readableBytes <= WireLimits.entryBytes else {
            throw WireError(.limitExceeded, "an entry of \(message.readableBytes) bytes")
        }
        var fields = FieldReader(message)
        var name: ObjectName?
        var version: Version?
        var position: FeedPosition?
        var state: ObjectVersion.State?
        var kinds: [ObjectVersion.Kind] = []
        var inline: ByteBuffer?
        var recorded: Int64?
        var versionID = VersionID.unversioned
        while let field = try fields.next() {
            switch field.tag {
            case 1: name = try field.name()
            case 2: version = try field.version()
            case 3: position = try field.position()
            case 4: state = try field.state()
            case 5: kinds.append(.put(try ObjectContent(message: field.value)))
            case 6: kinds.append(.tombstone)
            case 7: kinds.append(.purge(try field.version()))
            case 8: inline = try field.buffer(limitBytes: WireLimits.inlineBytesAccepted)
            case 9: recorded = try field.date()
            case 128:
                versionID = field.value.readableBytes == 0 ? .null : .stamp(try field.version())
            default: try field.skip()
            }
        }
        guard kinds.count == 1 else {
            throw WireError(.invalidValue, "an entry says \(kinds.count) things of its name")
        }
        // What is said of an id comes after the write that made it.
        if let version, let id = versionID.stamp, id > version {
            throw WireError(.invalidValue, "an entry whose id is newer than its version")
        }
        self.init(
            object: ObjectVersion(
                name: try required(name, "the name of an entry"),
                version: try required(version, "the version of an entry"), position: position,
                kind: kinds[0], state: try required(state, "the state of an entry"),
                versionID: versionID, recordedMilliseconds: recorded),
            inlineBytes: inline)
    }
}
