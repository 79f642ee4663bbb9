// The language of the golden scripts: a line is a time (`at 100`), an event (`< fed b …`), a directive that
// must follow (`> merge …`), or a comment. Directives are written as `ReplicationDirective.text` does;
// events are read here. A version is `bucket/key@STAMP.REGION`, of a put with `=BLOB:SIZE` behind, where a
// blob is two hexadecimal digits, repeated.

import NIOCore
import Replication
import Storage

struct ScriptError: Error, CustomStringConvertible {
    let description: String
}

struct ScriptLanguage {
    private var words: [Substring]

    /// The event of a line without its `< `.
    static func event(_ line: some StringProtocol) throws -> ReplicationEvent.Kind {
        var reader = ScriptLanguage(words: String(line).split(separator: " "))
        return try reader.event()
    }

    private var isAtEnd: Bool { words.isEmpty }

    private mutating func next() throws -> String {
        guard !words.isEmpty else { throw ScriptError(description: "the line ends early") }
        return String(words.removeFirst())
    }

    private mutating func skip(_ word: String) -> Bool {
        guard words.first == word[...] else { return false }
        words.removeFirst()
        return true
    }

    private mutating func number() throws -> UInt64 {
        let word = try next()
        guard let value = UInt64(word) else {
            throw ScriptError(description: "“\(word)” is no number")
        }
        return value
    }

    private mutating func event() throws -> ReplicationEvent.Kind {
        let verb = try next()
        switch verb {
        case "started": return try started()
        case "loaded": return .pendingLoaded(try entries().compactMap(PendingEntry.init), next: nil)
        case "greeted": return try greeted()
        case "pinned": return .pinned(peer: try next())
        case "fed": return try fed()
        case "returned": return try returned()
        case "answered": return try answered()
        case "stated":
            let peer = try next()
            let blob = try Self.blob(try next())
            let state = skip("have") ? BlobState.have : .neverHad
            return .stated(peer: peer, [BlobStatement(blob: blob, state: state)])
        case "failed": return try failed()
        case "merged": return .merged(wrongInline: skip("wrong") ? [try Self.blob(try next())] : [])
        case "examined": return try examined()
        case "published": return .published
        case "fetched": return .fetched(try Self.blob(try next()))
        case "fetchFailed": return try fetchFailed()
        case "local": return try local()
        case "storeFailed":
            guard let step = StoreStep(rawValue: try next()) else {
                throw ScriptError(description: "no such step")
            }
            return .storeFailed(step, message: "")
        case "tick": return .tick
        case "retry": return .retry
        default: throw ScriptError(description: "no event is called “\(verb)”")
        }
    }

    /// `started [ORIGIN NUMBER …] [pinned PEER REGION …]`
    private mutating func started() throws -> ReplicationEvent.Kind {
        var cursors: [RegionID: FeedPosition] = [:]
        var pins: [String: RegionID] = [:]
        while !isAtEnd {
            if skip("pinned") {
                pins[try next()] = RegionID(try number())
            } else {
                cursors[RegionID(try number())] = Self.position(try number())
            }
        }
        return .started(cursors: cursors, pins: pins)
    }

    /// `greeted PEER REGION [ahead MILLISECONDS] [lost AFTER THROUGH]`
    private mutating func greeted() throws -> ReplicationEvent.Kind {
        let peer = try next()
        let region = RegionID(try number())
        let skew = skip("ahead") ? Int64(try number()) : 0
        let hello = Hello(region: region, name: peer, incarnation: 1, clockMilliseconds: skew)
        guard skip("lost") else { return .greeted(peer: peer, hello, clockMilliseconds: 0) }
        let lost = LostStretch(
            after: Self.position(try number()), through: Self.position(try number()))
        return .greeted(peer: peer, hello, clockMilliseconds: 0, lost: lost)
    }

    /// `returned PEER AFTER THROUGH VERSION …`, of this region's own feed
    private mutating func returned() throws -> ReplicationEvent.Kind {
        .returned(peer: try next(), try range(of: RegionID(1)))
    }

    /// `fed PEER [held VERSION ahead MILLISECONDS] [ORIGIN AFTER THROUGH VERSION …]`
    private mutating func fed() throws -> ReplicationEvent.Kind {
        let peer = try next()
        var held: HeldEntry?
        if skip("held") {
            let reference = try Self.reference(try next())
            guard skip("ahead") else { throw ScriptError(description: "held by how much?") }
            held = HeldEntry(reference: reference, aheadMilliseconds: Int64(try number()))
        }
        guard !isAtEnd else { return .fed(peer: peer, [], held: held) }
        let origin = RegionID(try number())
        return .fed(peer: peer, [try range(of: origin)], held: held)
    }

    /// `AFTER THROUGH [of HEAD] VERSION …`
    private mutating func range(of origin: RegionID) throws -> FeedRange {
        let after = try number()
        let through = try number()
        let head = skip("of") ? Self.position(try number()) : nil
        var position = after
        let entries = try entries().map { object in
            position += 1
            var object = object
            object.position = Self.position(position)
            return FeedEntry(object: object)
        }
        return FeedRange(
            origin: origin, after: Self.position(after), through: Self.position(through),
            head: head, entries: entries)
    }

    /// `answered PEER (VERSION | NAME none) …`
    private mutating func answered() throws -> ReplicationEvent.Kind {
        let peer = try next()
        var answers: [EntryAnswer] = []
        while !isAtEnd {
            let word = try next()
            if skip("none") {
                answers.append(EntryAnswer(name: try Self.name(word), entry: nil))
            } else {
                let object = try Self.version(word, isDeleted: skip("deleted"))
                answers.append(EntryAnswer(name: object.name, entry: FeedEntry(object: object)))
            }
        }
        return .answered(peer: peer, answers)
    }

    /// `failed PEER STEP CODE`
    private mutating func failed() throws -> ReplicationEvent.Kind {
        let peer = try next()
        guard let step = PeerStep(rawValue: try next()),
            let code = TransportError.Code(rawValue: try next())
        else { throw ScriptError(description: "no such step, or no such code") }
        return .peerFailed(peer: peer, step, TransportError(code, ""))
    }

    /// `examined VERSION (settled | ready | deletes [-NAME …] | unreadable | withheld | [-blob] [-NAME …] [?]) , …`
    private mutating func examined() throws -> ReplicationEvent.Kind {
        var examinations: [Examination] = []
        while !isAtEnd {
            let reference = try Self.reference(try next())
            examinations.append(Examination(reference: reference, finding: try finding()))
        }
        return .examined(examinations)
    }

    private mutating func finding() throws -> Examination.Finding {
        if skip("settled") { return .settled }
        if skip("deletes") { return .tombstone(breaks: [], waitsFor: try missingNames()) }
        if skip("withheld") { return .withheld }
        if skip("unreadable") { return .unreadable(reason: "unreadable") }
        if skip("ready") {
            return .put(isBlobMissing: false, missingNames: [], isClosureKnown: true)
        }
        let isBlobMissing = skip("-blob")
        return .put(
            isBlobMissing: isBlobMissing, missingNames: try missingNames(),
            isClosureKnown: !skip("?"))
    }

    /// `[-NAME …]`
    private mutating func missingNames() throws -> [ObjectName] {
        var names: [ObjectName] = []
        while let word = words.first, word.hasPrefix("-") {
            names.append(try Self.name(String(try next().dropFirst())))
        }
        return names
    }

    /// `fetchFailed BLOB (wrong | mixed | store | full | CODE)`
    private mutating func fetchFailed() throws -> ReplicationEvent.Kind {
        let blob = try Self.blob(try next())
        let word = try next()
        switch word {
        case "wrong", "mixed":
            return .fetchFailed(
                blob, .wrongBytes(message: "", isSourceToBlame: word == "wrong"))
        case "store": return .fetchFailed(blob, .store(message: ""))
        case "full": return .fetchFailed(blob, .storeFull(message: ""))
        default:
            guard let code = TransportError.Code(rawValue: word) else {
                throw ScriptError(description: "no fetch fails by “\(word)”")
            }
            return .fetchFailed(blob, .transport(TransportError(code, "")))
        }
    }

    /// `local NUMBER (anything | NAME …)`
    private mutating func local() throws -> ReplicationEvent.Kind {
        let through = Self.position(try number())
        if skip("anything") { return .localChanged(nil, through: through) }
        var names: [ObjectName] = []
        while !isAtEnd { names.append(try Self.name(try next())) }
        return .localChanged(names, through: through)
    }

    private mutating func entries() throws -> [ObjectVersion] {
        var entries: [ObjectVersion] = []
        while !isAtEnd {
            entries.append(try Self.version(try next(), isDeleted: skip("deleted")))
        }
        return entries
    }
}

extension ScriptLanguage {
    private static func position(_ number: UInt64) -> FeedPosition {
        number == 0 ? .start : FeedPosition(incarnation: 1, number: number)
    }

    private static func blob(_ digits: String) throws -> BlobID {
        guard digits.count == 2, let byte = UInt8(digits, radix: 16),
            let blob = BlobID(bytes: Array(repeating: byte, count: BlobID.byteCount))
        else { throw ScriptError(description: "“\(digits)” is no blob") }
        return blob
    }

    private static func name(_ text: String) throws -> ObjectName {
        let parts = text.split(separator: "/", maxSplits: 1)
        guard parts.count == 2 else { throw ScriptError(description: "“\(text)” is no name") }
        return ObjectName(bucket: String(parts[0]), key: ObjectKey(parts[1]))
    }

    private static func reference(_ text: String) throws -> VersionReference {
        let parts = text.split(separator: "@")
        let stamp = parts.last?.split(separator: ".").compactMap { UInt64($0) } ?? []
        guard parts.count == 2, stamp.count == 2 else {
            throw ScriptError(description: "“\(text)” is no version")
        }
        return VersionReference(
            name: try name(String(parts[0])),
            version: Version(
                stamp: HybridTimestamp(rawValue: stamp[0]), region: RegionID(stamp[1])))
    }

    private static func version(_ text: String, isDeleted: Bool) throws -> ObjectVersion {
        let halves = text.split(separator: "=").map(String.init)
        let reference = try reference(halves[0])
        var kind = ObjectVersion.Kind.tombstone
        if !isDeleted {
            let blobAndSize = halves.last?.split(separator: ":").map(String.init) ?? []
            guard halves.count == 2, blobAndSize.count == 2, let size = UInt64(blobAndSize[1])
            else { throw ScriptError(description: "“\(text)” is no put") }
            kind = .put(
                ObjectContent(
                    blob: try blob(blobAndSize[0]), sizeBytes: size, lastModifiedMilliseconds: 0,
                    etag: ""))
        }
        return ObjectVersion(
            name: reference.name, version: reference.version,
            position: FeedPosition(incarnation: 1, number: 1), kind: kind, state: .published)
    }
}
