// The configuration file. The sources are the daemon's own (`Configuration/` and `Refusal.swift` here are
// links), since a program cannot be linked into another.

/// A file is read or refused in one line that says where; what is read is made into settings or refused
/// in the same way.
@Sendable func fuzzConfiguration(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    do {
        let layer = try ConfigurationFile.parse(text, path: "f.yaml")
        for (_, entries) in layer {
            for entry in entries {
                precondition(entry.origin.description.hasPrefix("f.yaml:"))
            }
        }
        _ = try Configuration(layers: [layer])
    } catch let refusal as Refusal {
        precondition(!refusal.message.isEmpty)
    } catch {
        preconditionFailure("not refused but failed: \(error)")
    }
}
