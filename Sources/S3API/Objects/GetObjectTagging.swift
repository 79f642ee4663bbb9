// GetObjectTagging: the tags that an object was written with. Tools ask for them before they copy it.

internal import HTTPServer
internal import Storage

extension S3Handler {
    func getObjectTagging(_ request: S3Request) async throws -> ServerResponse {
        let content = try await content(request)
        let document = XMLWriter.document("Tagging") {
            $0.element("TagSet") {
                for tag in content.tags {
                    $0.element("Tag") {
                        $0.element("Key", tag.name)
                        $0.element("Value", tag.value)
                    }
                }
            }
        }
        return .document(document)
    }
}
