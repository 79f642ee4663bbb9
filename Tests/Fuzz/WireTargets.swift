// What peers send. Each input is a document of the kind that the first byte says; frames are either taken
// as they are, or made of the input so that their checksums hold.

import Checksums
import NIOCore
import NativeWire

/// What is understood, is written as it was understood.
@Sendable func fuzzWire(_ bytes: [UInt8]) {
    var input = FuzzInput(bytes)
    let kind = input.byte()
    let document = kind & 128 == 0 ? framed(&input) : ByteBuffer(bytes: input.rest)
    switch kind % 9 {
    case 0: roundTrip(HelloDocument.self, document)
    case 1: roundTrip(FeedRequest.self, document)
    case 2: roundTrip(FeedAnswer.self, document)
    case 3: roundTrip(NamesRequest.self, document)
    case 4: roundTrip(NamesAnswer.self, document)
    case 5: roundTrip(KeysRequest.self, document)
    case 6: roundTrip(KeysAnswer.self, document)
    case 7: roundTrip(BlobStatesRequest.self, document)
    default: roundTrip(BlobStatesAnswer.self, document)
    }
}

private func roundTrip<Document: WireDocument & Equatable>(
    _ type: Document.Type, _ bytes: ByteBuffer
) {
    guard let document = try? Document(decoding: bytes) else { return }
    let again = try? Document(decoding: document.encode())
    precondition(again == document, "\(document) became \(String(describing: again))")
}

/// Frames of a length byte and as many bytes each.
private func framed(_ input: inout FuzzInput) -> ByteBuffer {
    var result = ByteBuffer()
    while !input.isEmpty {
        let payload = input.take(Int(input.byte()))
        result.writeInteger(UInt32(payload.count), endianness: .little)
        result.writeInteger(CRC32C.checksum(payload), endianness: .little)
        result.writeBytes(payload)
    }
    return result
}
