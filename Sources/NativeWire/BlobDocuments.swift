// Asking what a region holds of blobs. The bytes themselves travel as a plain body.

package import NIOCore
package import Storage

/// What a region says of a blob, on the wire. Raw values are sent: never renumber.
package enum WireBlobState: UInt8, Sendable, CaseIterable {
    case have = 0
    case pending = 1
    case neverHad = 2
    case damaged = 3
}

/// The request of `POST blobs`.
package struct BlobStatesRequest: WireDocument, Hashable {
    package var blobs: [BlobID]

    package init(blobs: [BlobID]) { self.blobs = blobs }

    package func encode() -> ByteBuffer {
        var document = DocumentWriter()
        document.frame(.blobs) { fields in
            for blob in blobs { fields.bytes(1, blob.bytes) }
        }
        return document.finish()
    }

    package init(decoding bytes: ByteBuffer) throws(WireError) {
        var document = DocumentReader(bytes)
        var fields = FieldReader(try document.frame(.blobs).fields, repeated: [1])
        try document.finish()
        var blobs: [BlobID] = []
        while let field = try fields.next() {
            switch field.tag {
            case 1:
                guard blobs.count < WireLimits.blobsPerRequest else {
                    throw WireError(.limitExceeded, "more than \(blobs.count) blobs")
                }
                blobs.append(try field.blob())
            default: try field.skip()
            }
        }
        self.init(blobs: blobs)
    }
}

/// The answer of `POST blobs`: a state for each blob, in their order.
package struct BlobStatesAnswer: WireDocument, Hashable {
    package var states: [WireBlobState]

    package init(states: [WireBlobState]) { self.states = states }

    package func encode() -> ByteBuffer {
        var document = DocumentWriter()
        document.frame(.states) { $0.bytes(1, states.map(\.rawValue)) }
        return document.finish()
    }

    package init(decoding bytes: ByteBuffer) throws(WireError) {
        var document = DocumentReader(bytes)
        var fields = FieldReader(try document.frame(.states).fields)
        try document.finish()
        var states: [WireBlobState]?
        while let field = try fields.next() {
            switch field.tag {
            case 1: states = try field.states()
            default: try field.skip()
            }
        }
        self.init(states: try required(states, "the states"))
    }
}

extension Field {
    fileprivate func states() throws(WireError) -> [WireBlobState] {
        var states: [WireBlobState] = []
        for code in try bytes(limitBytes: WireLimits.blobsPerRequest) {
            guard let state = WireBlobState(rawValue: code) else {
                throw invalid("is no state of a blob")
            }
            states.append(state)
        }
        return states
    }
}
