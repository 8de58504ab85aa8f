// The files for `perf` of a process: its own, by its number. A child of fork(2) begins anew, with the translations that it has
// from its parent.

import Glibc
import Lyrebird

/// The files of one process.
final class Profile: @unchecked Sendable {
    private var map: PerfMap?
    private var dump: JITDump?
    /// Used by whoever translates, one at a time.
    private let names: GuestNames
    let descriptors: [Int32]

    init(of process: LinuxProcess) throws(ProfileError) {
        names = GuestNames(machine: process.abi.elfMachine)
        var descriptors: [Int32] = []
        let host = process.host
        func place(_ path: String) throws(ProfileError) -> Int32 {
            let opened = try PerfMap.create(path)
            let copy = PrivateDescriptor.copy(of: opened, host: host)
            if copy != nil { close(opened) }
            descriptors.append(copy ?? opened)
            return copy ?? opened
        }
        if process.options.perfMap { map = PerfMap(descriptor: try place(PerfMap.path)) }
        if let directory = process.options.jitDumpDirectory {
            dump = try JITDump(descriptor: try place(JITDump.path(in: directory)))
        }
        self.descriptors = descriptors
    }

    func add(_ code: TranslatedCode) {
        let name = code.kind == .stubs ? "" : names.name(of: code.guestAddress)
        map?.add(code, name: name)
        dump?.add(code, name: name)
    }
}

extension LinuxProcess {
    /// Begins the files that the options ask for: when the process has been made, and in a child of fork(2).
    func beginProfile() throws(ProfileError) {
        guard options.perfMap || options.jitDumpDirectory != nil else { return }
        machine.setTranslationHandler(nil)
        ownDescriptors.removeAll { profile?.descriptors.contains($0) == true }
        profile = nil
        let new = try Profile(of: self)
        profile = new
        ownDescriptors += new.descriptors
        machine.setTranslationHandler { new.add($0) }
    }
}
