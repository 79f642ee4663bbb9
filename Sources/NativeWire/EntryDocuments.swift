// Asking for entries by name and by range of keys: what a region follows up on its own account, without a
// cursor moving.

package import NIOCore
package import Storage

/// The request of `POST names`.
package struct NamesRequest: WireDocument, Hashable {
    package var names: [ObjectName]

    package init(names: [ObjectName]) { self.names = names }

    package func encode() -> ByteBuffer {
        var document = DocumentWriter()
        document.frame(.names) { fields in
            for name in names { fields.name(1, name) }
        }
        return document.finish()
    }

    package init(decoding bytes: ByteBuffer) throws(WireError) {
        var document = DocumentReader(bytes)
        var fields = FieldReader(try document.frame(.names).fields, repeated: [1])
        try document.finish()
        var names: [ObjectName] = []
        while let field = try fields.next() {
            switch field.tag {
            case 1:
                guard names.count < WireLimits.namesPerRequest else {
                    throw WireError(.limitExceeded, "more than \(names.count) names")
                }
                names.append(try field.name())
            default: try field.skip()
            }
        }
        self.init(names: names)
    }
}

/// The answer of `POST names`: for each name its published version, where it has one.
package struct NamesAnswer: WireDocument, Hashable {
    package struct Item: Sendable, Hashable {
        package var name: ObjectName
        package var entry: FeedEntry?
        /// No published version yet, but one waits to be.
        package var isPending: Bool

        package init(name: ObjectName, entry: FeedEntry?, isPending: Bool = false) {
            self.name = name
            self.entry = entry
            self.isPending = isPending
        }
    }

    /// In the order of the names; where the answer would be too large, fewer: the rest is asked again.
    package var items: [Item]

    package init(items: [Item]) { self.items = items }

    package func encode() -> ByteBuffer {
        var document = DocumentWriter()
        for item in items {
            document.frame(.namedAnswer) { fields in
                fields.name(1, item.name)
                if let entry = item.entry { fields.message(2) { $0.entry(entry) } }
                if item.isPending { fields.integer(3, UInt8(1)) }
            }
        }
        return document.finish()
    }

    package init(decoding bytes: ByteBuffer) throws(WireError) {
        var document = DocumentReader(bytes)
        var items: [Item] = []
        while let frame = try document.next() {
            try frame.expect(.namedAnswer)
            guard items.count < WireLimits.namesPerRequest else {
                throw WireError(.limitExceeded, "more than \(items.count) answers")
            }
            items.append(try Self.item(frame))
        }
        self.init(items: items)
    }

    private static func item(_ frame: Frame) throws(WireError) -> Item {
        var fields = FieldReader(frame.fields)
        var name: ObjectName?
        var entry: FeedEntry?
        var isPending = false
        while let field = try fields.next() {
            switch field.tag {
            case 1: name = try field.name()
            case 2: entry = try FeedEntry(message: field.value)
            case 3: isPending = try field.flag()
            default: try field.skip()
            }
        }
        let item = Item(
            name: try required(name, "the name of an answer"), entry: entry, isPending: isPending)
        guard entry == nil || entry?.object.name == item.name else {
            throw WireError(.invalidValue, "an answer whose entry has another name")
        }
        return item
    }
}

/// The request of `POST keys`.
package struct KeysRequest: WireDocument, Hashable {
    package var bucket: String
    package var after: ObjectKey?
    package var limit: Int

    package init(bucket: String, after: ObjectKey?, limit: Int) {
        self.bucket = bucket
        self.after = after
        self.limit = limit
    }

    package func encode() -> ByteBuffer {
        var document = DocumentWriter()
        document.frame(.keys) { fields in
            fields.text(1, bucket)
            if let after { fields.bytes(2, after.bytes) }
            fields.integer(3, UInt32(clamping: limit))
        }
        return document.finish()
    }

    package init(decoding bytes: ByteBuffer) throws(WireError) {
        var document = DocumentReader(bytes)
        var fields = FieldReader(try document.frame(.keys).fields)
        try document.finish()
        var bucket: String?
        var after: ObjectKey?
        var limit: UInt32?
        while let field = try fields.next() {
            switch field.tag {
            case 1: bucket = try field.bucket()
            case 2: after = try field.key()
            case 3: limit = try field.integer()
            default: try field.skip()
            }
        }
        self.init(
            bucket: try required(bucket, "the bucket"), after: after,
            limit: Int(try required(limit, "the limit")))
    }
}

/// The answer of `POST keys`: published versions in order of key, behind the one that was named; empty at
/// the end of the bucket.
package struct KeysAnswer: WireDocument, Hashable {
    package var entries: [FeedEntry]

    package init(entries: [FeedEntry]) { self.entries = entries }

    package func encode() -> ByteBuffer {
        var document = DocumentWriter()
        for entry in entries { document.frame(.entry) { $0.entry(entry) } }
        return document.finish()
    }

    package init(decoding bytes: ByteBuffer) throws(WireError) {
        var document = DocumentReader(bytes)
        var entries: [FeedEntry] = []
        while let frame = try document.next() {
            try frame.expect(.entry)
            guard entries.count < WireLimits.entriesPerAnswer else {
                throw WireError(.limitExceeded, "more than \(entries.count) entries")
            }
            entries.append(try FeedEntry(message: frame.fields))
        }
        self.init(entries: entries)
    }
}
