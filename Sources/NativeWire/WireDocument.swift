// What the body of a request or an answer of the peer protocol is, as a value.

package import NIOCore

package protocol WireDocument: Sendable {
    func encode() -> ByteBuffer

    /// Refuses whatever `WireFormat.swift` does not allow; traps on no input.
    init(decoding bytes: ByteBuffer) throws(WireError)
}
