// Reads typed values out of layers of settings, and refuses what is not accepted by its origin.

internal import Foundation

struct SettingReader: Sendable {
    /// The first that sets a value wins.
    let layers: [SettingLayer]

    /// Of whichever layer wins; the flag or variable to set where none does.
    func origin(of setting: Setting) -> SettingOrigin {
        entries(of: setting).first?.origin ?? .flag(setting.flag ?? setting.environmentName)
    }

    func value<Value>(_ setting: Setting, _ parse: (String) -> Value?) throws -> Value? {
        try values(setting, parse).last
    }

    func values<Value>(_ setting: Setting, _ parse: (String) -> Value?) throws -> [Value] {
        try entries(of: setting).map { entry in
            guard let value = parse(entry.text) else {
                throw Refusal("\(entry.origin): \(refused(entry, setting))")
            }
            return value
        }
    }

    func require<Value>(_ setting: Setting, _ parse: (String) -> Value?) throws -> Value {
        guard let value = try value(setting, parse) else {
            let places = [
                setting.flag, setting.environmentName, "“\(setting.rawValue)” in --config",
            ]
            let list = places.compactMap(\.self).joined(separator: " or ")
            throw Refusal("\(setting.rawValue) is not set: give \(list) (\(setting.accepted))")
        }
        return value
    }

    func entries(of setting: Setting) -> [SettingEntry] {
        layers.lazy.compactMap { $0[setting] }.first ?? []
    }

    /// A secret that is refused is not shown.
    private func refused(_ entry: SettingEntry, _ setting: Setting) -> String {
        switch setting {
        case .accessKey, .secretKey, .peerKey, .formerPeerKey:
            "the value of \(setting.rawValue) is not accepted; accepted: \(setting.accepted)"
        default:
            "“\(entry.text)” is not accepted for \(setting.rawValue); accepted: \(setting.accepted)"
        }
    }
}

extension SettingReader {
    /// All the layers: what flags set, the environment, and the file that either of them names.
    static func layers(
        flags: SettingLayer, config: String?,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> [SettingLayer] {
        var layers = [flags, Self.environment(environment)]
        if let path = config ?? environment["HOLDFAST_CONFIG"] {
            layers.append(try ConfigurationFile.read(path))
        }
        return layers
    }

    /// What the environment sets. Variables that are none of ours are passed over, as an orchestrator
    /// adds its own under our name.
    static func environment(_ variables: [String: String]) -> SettingLayer {
        var layer: SettingLayer = [:]
        for setting in Setting.allCases {
            guard let text = variables[setting.environmentName] else { continue }
            let texts =
                switch setting.shape {
                case .scalar: [text]
                case .list, .mapping, .records: text.split(separator: ",").map(String.init)
                }
            layer[setting] = texts.map {
                SettingEntry(text: $0, origin: .environment(setting.environmentName))
            }
        }
        return layer
    }
}
