// The documents of the storage driver API, as JSON.

package import Storage

/// A file or a directory.
package struct FileDocument: Sendable, Hashable, Codable {
    package var path: String
    package var isDirectory: Bool
    package var sizeBytes: UInt64
    /// Missing for a directory.
    package var modifiedMilliseconds: Int64?

    package init(_ file: FileInfo) {
        path = file.path.text
        isDirectory = file.isDirectory
        sizeBytes = file.sizeBytes
        modifiedMilliseconds = file.modifiedMilliseconds
    }

    package var file: FileInfo {
        get throws(DriverError) {
            FileInfo(
                path: try DriverPath(path), sizeBytes: sizeBytes,
                modifiedMilliseconds: isDirectory ? nil : modifiedMilliseconds ?? 0)
        }
    }
}

package struct FilePageDocument: Sendable, Hashable, Codable {
    package var files: [FileDocument]
    package var isTruncated: Bool

    package init(_ page: FilePage) {
        files = page.files.map(FileDocument.init)
        isTruncated = page.isTruncated
    }

    package var page: FilePage {
        get throws(DriverError) {
            var files: [FileInfo] = []
            for document in self.files { files.append(try document.file) }
            return FilePage(files: files, isTruncated: isTruncated)
        }
    }
}

/// A file being written.
package struct WriterDocument: Sendable, Hashable, Codable {
    package var id: String
    package var path: String
    /// What is durable of it.
    package var sizeBytes: UInt64

    package init(id: UploadID, path: DriverPath, sizeBytes: UInt64) {
        self.id = id.text
        self.path = path.text
        self.sizeBytes = sizeBytes
    }
}

package struct RedirectDocument: Sendable, Hashable, Codable {
    /// To be resolved against the URL that was called; missing where bytes are only given by this API.
    package var url: String?

    package init(url: String?) { self.url = url }
}

/// The body of every refusal.
package struct DriverErrorDocument: Sendable, Hashable, Codable {
    /// The raw value of a `DriverError.Code`.
    package var code: String
    package var message: String
    package var requestID: String

    package init(code: DriverError.Code, message: String, requestID: String) {
        self.code = code.rawValue
        self.message = message
        self.requestID = requestID
    }

    /// A code that this program does not know is a failure.
    package var error: DriverError {
        guard let code = DriverError.Code(rawValue: code) else {
            return DriverError(.failed, "\(code): \(message)")
        }
        return DriverError(code, message)
    }
}
