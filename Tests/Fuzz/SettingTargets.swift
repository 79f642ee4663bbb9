// Documents that a region keeps as settings and takes from others: of buckets, of keys, of sealed keys; and
// versions as text.

import Checksums
import NIOCore
import Storage

@testable import Access
@testable import LocalStore

/// A document of the kind that the first byte says: what is understood is written as it was understood.
@Sendable func fuzzSettings(_ bytes: [UInt8]) {
    var input = FuzzInput(bytes)
    let kind = input.byte()
    let document = Array(input.rest)
    switch kind % 5 {
    case 0: checkBucketSettings(document)
    case 1: checkKeyRecord(document)
    case 2: checkSealed(document)
    case 3: checkDataKey(&input)
    default: checkVersionTexts(String(decoding: document, as: UTF8.self))
    }
}

private func checkBucketSettings(_ document: [UInt8]) {
    guard let settings = try? BucketSettings(decoding: document) else {
        precondition(BucketSettings(inForce: document) == .standard, "half of it is heeded")
        return
    }
    precondition(BucketSettings(inForce: document) == settings)
    do {
        let again = try BucketSettings(decoding: settings.encode().readableBytesView)
        precondition(again == settings, "\(settings) became \(again)")
    } catch {
        preconditionFailure("\(settings) cannot be written and read: \(error)")
    }
    // What a person is shown, a person may say, as far as a person may say it.
    for (name, text) in settings.texts {
        var said = settings
        guard (try? said.set(name, to: text)) != nil else { continue }
        precondition(said == settings, "\(name)=\(text) makes \(said) of \(settings)")
    }
}

private func checkKeyRecord(_ document: [UInt8]) {
    guard let record = try? KeyRecord(decoding: document) else { return }
    precondition(!record.secrets.isEmpty)
    do {
        let again = try KeyRecord(decoding: record.encode().readableBytesView)
        precondition(again == record, "\(record) became \(again)")
    } catch {
        preconditionFailure("\(record) cannot be written and read: \(error)")
    }
    for action in [Action.administer, .list] where record.limits.rights.isEmpty {
        precondition(!record.limits.allows(action, bucket: "b", key: "k"), "nobody allowed it")
    }
    precondition(!record.limits.allows(.administer, bucket: "b", key: nil))
}

private func checkSealed(_ document: [UInt8]) {
    guard let sealed = SealedBytes(encoded: document) else { return }
    precondition(sealed.encoded == document, "\(sealed) is written otherwise")
    let key = SealKey(id: sealed.keyID, bytes: [UInt8](repeating: 7, count: 32))
    precondition((try? sealed.open(with: key, associatedData: [])) == nil, "a seal was forged")
}

/// A data key that is sealed is opened as the same, and not at all once a byte of it, or where it is kept, is
/// another.
private func checkDataKey(_ input: inout FuzzInput) {
    let place = Int(input.byte())
    let flip = input.byte()
    let id = input.take(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let secret = input.take(32)
    let path = DataKeyDocument.prefix + input.text()
    guard id != 0, secret.count == 32 else { return }
    let key = SealKey(id: id, bytes: secret)
    let master = SealKey(id: ~id | 1, bytes: secret.reversed())
    let masters = MemoryMasterKeys([master])
    var document = DataKeyDocument.encode(key, under: master, path: path)
    precondition((try? DataKeyDocument.decode(document, path: path, masters)) == key)
    precondition((try? DataKeyDocument.decode(document, path: path + "x", masters)) == nil)
    guard flip != 0 else { return }
    document[place % document.count] ^= flip
    precondition((try? DataKeyDocument.decode(document, path: path, masters)) == nil, "was changed")
    // And bytes that nobody sealed.
    let loose = Array(input.rest)
    precondition((try? DataKeyDocument.decode(loose, path: path, masters)) == nil, "was made up")
}

private func checkVersionTexts(_ text: String) {
    if let id = VersionID(text) { precondition(id.description == text, "\(text) is \(id)") }
    if let version = Version(text) {
        let again = Version(version.description)
        precondition(again == version, "\(text) became \(version.description)")
        precondition(
            BucketVersioning.enabled.id(of: version).description == version.description)
    }
    if let milliseconds = UnitText.milliseconds(text) {
        let again = UnitText.milliseconds(UnitText.duration(milliseconds: milliseconds))
        precondition(again == milliseconds, "\(text) became \(String(describing: again))")
    }
    if let bytes = UnitText.bytes(text) {
        precondition(UnitText.bytes(UnitText.size(bytes)) == bytes, "\(text) became another size")
    }
    let versioning = BucketVersioning(document: Array(text.utf8))
    precondition(BucketVersioning(document: Array(versioning.document.utf8)) == versioning)
}
