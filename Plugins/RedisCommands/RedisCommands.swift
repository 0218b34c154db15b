import Foundation
import PackagePlugin

/// Makes Swift of the table of Redis commands, file by file, for `MartletRedis`; and samples of all commands for its tests.
@main
struct RedisCommands: BuildToolPlugin {
    /// The table, in the package.
    private let table = "Sources/MartletRedis/Commands/Table"

    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let tool = try context.tool(named: "redis-commands")
        let folder = context.package.directoryURL.appending(path: table, directoryHint: .isDirectory)
        let isTest = target.name.hasSuffix("Tests")
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "commands" }
            .sorted { $0.path < $1.path }
            .map { file in
                let group = file.deletingPathExtension().lastPathComponent
                let output = context.pluginWorkDirectoryURL.appending(
                    path: isTest ? "Samples+\(group).swift" : "RedisCommands+\(group).swift")
                return .buildCommand(
                    displayName: "Redis commands of the group \(group)", executable: tool.url,
                    arguments: [isTest ? "samples" : "methods", file.path, output.path],
                    inputFiles: [file], outputFiles: [output])
            }
    }
}
