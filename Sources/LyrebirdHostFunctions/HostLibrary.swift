// A library of the host's, given to a guest by a list of signatures.

import Glibc
import Lyrebird

/// A shared library of the host's. It stays loaded: guests may call it for as long as there are machines.
public final class HostLibrary: @unchecked Sendable {
    /// As it was asked for; "the program" for that itself.
    public let name: String
    private let handle: UnsafeMutableRawPointer

    /// - Parameter name: as dlopen(3) takes it; nil for what this program is linked with.
    public init(_ name: String?) throws(HostLibraryError) {
        self.name = name ?? "the program"
        guard let handle = dlopen(name, RTLD_NOW | RTLD_LOCAL) else {
            throw .library(dlerror().map { String(cString: $0) } ?? self.name)
        }
        self.handle = handle
    }

    /// The host address of a symbol.
    public func symbol(_ name: String) -> UnsafeRawPointer? {
        dlsym(handle, name).map { UnsafeRawPointer($0) }
    }

    /// Gives functions of the library to a machine's guest, all or none.
    /// - Returns: the guest address of each, by name.
    public func expose(_ signatures: [Signature], to machine: Machine) throws(HostLibraryError) -> [String: UInt64] {
        var codes: [UnsafeRawPointer] = []
        for signature in signatures {
            guard let code = symbol(signature.name) else { throw .symbol(signature.name, of: name) }
            codes.append(code)
        }
        var addresses: [String: UInt64] = [:]
        for (signature, code) in zip(signatures, codes) {
            do throws(CallError) {
                addresses[signature.name] = try machine.define(signature, code: code)
            } catch {
                throw .function(signature.name, error)
            }
        }
        return addresses
    }

    /// The same, of declarations as C writes them (`Signature`).
    ///
    /// ```swift
    /// let zlib = try HostLibrary("libz.so.1")
    /// let addresses = try zlib.expose("ulong crc32(ulong, pointer, uint); ulong compressBound(ulong);", to: machine)
    /// ```
    public func expose(_ declarations: String, to machine: Machine) throws(HostLibraryError) -> [String: UInt64] {
        let signatures: [Signature]
        do throws(SignatureError) { signatures = try Signature.list(declarations) } catch { throw .signature(error) }
        return try expose(signatures, to: machine)
    }
}

/// A library that cannot be given to a guest.
public enum HostLibraryError: Error, Sendable, Equatable, CustomStringConvertible {
    /// It cannot be loaded: what dlerror(3) says.
    case library(String)
    /// It has no symbol of this name.
    case symbol(String, of: String)
    case signature(SignatureError)
    /// The machine does not take the function of this name.
    case function(String, CallError)

    public var description: String {
        switch self {
        case .library(let message): message
        case .symbol(let name, let library): "\(library) has no symbol \(name)"
        case .signature(let error): error.description
        case .function(let name, let error): "\(name): \(error)"
        }
    }
}
