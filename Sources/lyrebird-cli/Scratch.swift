import Lyrebird
import Glibc
@main struct Scratch { static func main() throws {
let path = CommandLine.arguments[1]
let f = fopen(path, "r")!
var data = [UInt8](repeating: 0, count: 4 << 20)
let n = fread(&data, 1, data.count, f)
func u64(_ o: Int) -> UInt64 { data.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: o, as: UInt64.self) } }
func u16(_ o: Int) -> Int { Int(data[o]) | Int(data[o+1]) << 8 }
var conf = Machine.Configuration()
func env(_ n: String) -> String? { getenv(n).map { String(cString: $0) } }
if let v = env("PASSES") { conf.passes = v }
if let v = env("FUEL") { conf.passFuel = Int(v)! }
if env("NOPRED") != nil { conf.predictsReturns = false }
if env("NOCHAIN") != nil { conf.chainsTranslations = false }
if let v = env("LIMIT") { conf.unitLimit = Int(v)! }
if let v = env("FEAT") { conf.hostFeatures = v }
if let v = env("CACHE") { conf.cacheSize = Int(v)! }
let machine = try Machine(.arm64, addressSpace: .hostProcess, configuration: conf)
let host = machine.hostProcess!
for i in 0..<u16(56) {
    let o = Int(u64(32)) + i * u16(54)
    if data[o] != 1 { continue }
    let off = Int(u64(o+8)), va = u64(o+16), fs = Int(u64(o+32)), ms = u64(o+40)
    let lo = va & ~4095, hi = (va + ms + 4095) & ~4095
    let r = host.map(lo, size: hi - lo, access: .readWriteExecute, flags: 0x32)
    precondition(r > 0, "\(r)")
    try machine.memory.write(Array(data[off..<off+fs]), at: va)
}
let stack = UInt64(host.map(0, size: 1 << 20, access: .readWrite, flags: 0x22))
let cpu = try machine.makeCPU()
cpu.pc = u64(24)
cpu[.sp] = stack + (1 << 20) - 4096
try machine.memory.store(UInt64(1), at: cpu[.sp])
if CommandLine.arguments.count > 2 {
  let e = machine.explain(UInt64(CommandLine.arguments[2], radix: 16)!)!
  print(e.lifted); print(e.optimized)
  for (nm, b, a) in [("hot", e.hostCode, e.hostAddress), ("cold", e.coldCode, e.coldAddress)] {
    let f = fopen("/tmp/\(nm).bin", "w")!; fwrite(b, 1, b.count, f); fclose(f)
    system("objdump -D -b binary -mi386:x86-64 -Mintel --adjust-vma=0x\(String(a, radix: 16)) /tmp/\(nm).bin | tail -n +8 | cut -f1,3")
  }
  exit(0)
}
while true {
    let e = cpu.run()
    switch e {
    case .systemCall:
        switch cpu[.x8] {
        case 93, 94:
          print("\(machine.statistics)")
          exit(Int32(truncatingIfNeeded: cpu[.x0]))
        case 64: cpu[.x0] = UInt64(bitPattern: Int64(host.systemCall(1, cpu[.x0], cpu[.x1], cpu[.x2])))
        default: print("syscall", cpu[.x8]); cpu[.x0] = UInt64(bitPattern: -38)
        }
    default: print(e, String(cpu.pc, radix: 16)); exit(1)
    }
}

}}
