// Devices and ports: who answers for them, and the instructions that have met one, whose accesses are the runtime's from then on
// (AccessEmulator.swift).

import CLyrebird
import LyrebirdIR
import LyrebirdX64

extension Engine {
    /// Puts a device into a range of guest addresses. The lock is held.
    /// - Parameter handler: answers it; nil for `run` to be left.
    /// - Returns: 0 or -errno.
    public func mapDeviceLocked(_ address: UInt64, size: UInt64, handler: DeviceHandler?) -> Int {
        let result = memory.mapDevice(address, size: size, number: Int32(devices.count))
        if result == 0 {
            devices.append(handler)
            if handler != nil { registerBarrier() }
        }
        return result
    }

    /// Changes when something that was translated is another code now.
    var codeVersion: Int { statistics.invalidated &+ statistics.flushes }

    /// Lets a function answer ports; the latest one counts.
    public func mapPorts(_ range: ClosedRange<UInt64>, handler: DeviceHandler) {
        locked { ports.append((range, handler)) }
    }

    func handler(ofPort port: UInt64) -> DeviceHandler? { locked { ports.last { $0.range.contains(port) }?.handler } }

    func handler(of device: Int32) -> DeviceHandler? { locked { devices[Int(device)] } }

    /// Whether a fault is an access to a device, or the end of one that lies across the window's. The instruction's next ones do not
    /// fault.
    func metDevice(at address: UInt64, _ cpu: CPUContext) -> Bool {
        guard memory.isChecked, cpu.context.pointee.fault_code != 0x80 else { return false }
        return locked {
            guard let region = memory.region(at: address),
                region.device >= 0 || address >= memory.windowSize
            else { return false }
            noteLeavingAccess(cpu.pc, .always)
            return true
        }
    }

    /// An instruction was interpreted since its address was outside of the window. If there was something, its next accesses there are
    /// made by calls.
    func noteOutside(_ pc: UInt64, _ hasMetSomething: Bool) {
        guard hasMetSomething, memory.isChecked else { return }
        locked { noteLeavingAccess(pc, .outside) }
    }

    /// The lock is held.
    private func noteLeavingAccess(_ pc: UInt64, _ kind: LeavingAccess.Kind) {
        let place = firstLeavingAccess(from: pc)
        if place == leavingAccesses.count || leavingAccesses[place].pc != pc {
            leavingAccesses.insert(LeavingAccess(pc: pc, kind: kind), at: place)
        } else if leavingAccesses[place].kind == .outside, kind == .always {
            leavingAccesses[place].kind = .always
        } else {
            return
        }
        invalidateLocked(pc, pc &+ 1)
    }

    /// Lifts the one instruction at a guest address. The lock is held.
    /// - Returns: false if it cannot be fetched.
    func liftOne(_ pc: UInt64, mode: UInt32, _ buffer: UnsafeMutableRawBufferPointer, _ unit: inout Unit) -> Bool {
        let read = fetch(pc, into: buffer)
        guard read > 0 else { return false }
        unit.reset(pc: pc)
        let code = GuestCode(pc: pc, bytes: UnsafeRawBufferPointer(rebasing: buffer[..<read]))
        architecture.lift(code, mode: mode, into: &unit, limit: 1)
        return unit.guestBytes > 0
    }
}
