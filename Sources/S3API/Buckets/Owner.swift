// The account that owns every bucket and object, as documents name it.

internal import NIOCore

struct Owner: Sendable, Hashable {
    let id: String
    let name: String

    func write(as element: String = "Owner", to writer: inout XMLWriter) {
        writer.element(element) {
            $0.element("ID", id)
            $0.element("DisplayName", name)
        }
    }

    /// What `private` grants.
    var accessControlPolicy: ByteBuffer {
        XMLWriter.document("AccessControlPolicy") { writer in
            write(to: &writer)
            writer.element("AccessControlList") {
                $0.element("Grant") {
                    $0.raw(
                        "<Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\""
                            + " xsi:type=\"CanonicalUser\">")
                    $0.element("ID", id)
                    $0.element("DisplayName", name)
                    $0.raw("</Grantee>")
                    $0.element("Permission", "FULL_CONTROL")
                }
            }
        }
    }
}
