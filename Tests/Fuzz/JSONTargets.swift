// JSON bodies of the native protocols: of the storage driver, of the administration, of the audit log.

import NIOCore
import NativeWire
import Storage

/// A document of the kind that the first byte says: what is understood is written as it was understood.
@Sendable func fuzzJSONDocuments(_ bytes: [UInt8]) {
    var input = FuzzInput(bytes)
    let kind = input.byte()
    let document = ByteBuffer(bytes: input.rest)
    switch kind % 13 {
    case 0: checkFile(document)
    case 1: checkPage(document)
    case 2: roundTrip(WriterDocument.self, document)
    case 3: roundTrip(RedirectDocument.self, document)
    case 4: _ = roundTrip(DriverErrorDocument.self, document)?.error
    case 5: roundTrip(ErrorDocument.self, document)
    case 6: roundTrip(KeyRequestDocument.self, document)
    case 7: roundTrip(KeyChangeDocument.self, document)
    case 8: checkBucketRequest(document)
    case 9: roundTrip(JobRequestDocument.self, document)
    case 10: roundTrip(HistoryRequestDocument.self, document)
    case 11: roundTrip(RollbackRequestDocument.self, document)
    default: roundTrip(AuditEntryDocument.self, document)
    }
}

@discardableResult
private func roundTrip<Document: Codable & Equatable>(
    _ type: Document.Type, _ bytes: ByteBuffer
) -> Document? {
    guard let document = try? JSONDocument.decode(type, from: bytes) else { return nil }
    do {
        let again = try JSONDocument.decode(type, from: JSONDocument.encode(document))
        precondition(again == document, "\(document) became \(again)")
    } catch {
        preconditionFailure("\(document) cannot be written and read: \(error)")
    }
    return document
}

/// What a file is said to be, is said of it again.
private func checkFile(_ bytes: ByteBuffer) {
    guard let file = try? roundTrip(FileDocument.self, bytes)?.file else { return }
    let again = try? FileDocument(file).file
    precondition(again == file, "\(file) became \(String(describing: again))")
}

private func checkPage(_ bytes: ByteBuffer) {
    guard let page = try? roundTrip(FilePageDocument.self, bytes)?.page else { return }
    let again = try? FilePageDocument(page).page
    precondition(again == page, "\(page) became \(String(describing: again))")
}

/// Settings that are taken one by one show as what was said of them, or as the same written otherwise.
private func checkBucketRequest(_ bytes: ByteBuffer) {
    guard let asked = roundTrip(BucketRequestDocument.self, bytes) else { return }
    for (name, text) in asked.settings ?? [:] {
        var settings = BucketSettings()
        guard (try? settings.set(name, to: text)) != nil else { continue }
        var again = settings
        guard let shown = settings.texts[name] else {
            precondition(text == "none", "\(name)=\(text) is not shown")
            continue
        }
        precondition(
            (try? again.set(name, to: shown)) != nil && again == settings, "\(name)=\(text)")
    }
}
