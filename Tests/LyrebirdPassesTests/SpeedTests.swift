// How long the optimiser takes, over a block as a lifter makes it. Runs only when LYREBIRD_SPEED is set, in a release build.

import Dispatch
import Foundation
import LyrebirdIR
import LyrebirdPasses
import TestSupport
import Testing

@Suite struct SpeedTests {
    /// Eleven guest instructions of the kinds that code is made of.
    static let body = """
          instruction 0x1000
          v1 = get.i64 x0
          v2 = const.i64 0x8
          v3 = add.i64 v1, v2
          v4 = load.i64.u64 v3, 0
          set x1, v4
          instruction 0x1004
          v7 = get.i64 x1
          v8 = get.i64 x2
          v9 = add.i64 v7, v8
          set x3, v9
          instruction 0x1008
          v12 = get.i64 x3
          v13 = trunc.i32 v12
          v14 = const.i32 0xff
          v15 = and.i32 v13, v14
          v16 = zext.i64.i32 v15
          set x4, v16
          instruction 0x100c
          v19 = get.i64 x0
          v20 = const.i64 0x10
          v21 = add.i64 v19, v20
          v22 = get.i64 x4
          store.u64 v21, v22, 0
          instruction 0x1010
          v25 = get.i64 x4
          v26 = const.i64 0x3
          v27 = shl.i64 v25, v26
          v28 = get.i64 x5
          v29 = add.i64 v28, v27
          set x5, v29
          instruction 0x1014
          v32 = get.i64 x5
          v33 = const.i64 0x0
          v34 = add.i64 v32, v33
          v35 = load.i32.u32 v34, 0
          v36 = zext.i64.i32 v35
          set x6, v36
          instruction 0x1018
          v39 = get.i64 x6
          v40 = trunc.i32 v39
          v41 = get.i64 x4
          v42 = trunc.i32 v41
          v43 = add.i32 v40, v42
          v44 = zext.i64.i32 v43
          set x6, v44
          instruction 0x101c
          v47 = get.i64 x0
          v48 = const.i64 0x20
          v49 = add.i64 v47, v48
          set x0, v49
          instruction 0x1020
          v52 = get.i64 x7
          v53 = const.i64 0x1
          v54 = sub.i64 v52, v53
          v55 = flags.flags v54
          set x7, v54
          set f0, v55
          instruction 0x1024
          v59 = get.i64 x6
          v60 = get.i64 x3
          v61 = sub.i64 v59, v60
          v62 = flags.flags v61
          set f0, v62
          instruction 0x1028
          v65 = get.flags f0
          branch.ne v65, b1, b2
        b1:
          exitJump.jump 0x1000
        b2:
          exitJump.jump 0x102c

        """

    @Test(.enabled(if: ProcessInfo.processInfo.environment["LYREBIRD_SPEED"] != nil))
    func nanosecondsPerInstruction() throws {
        var unit = try Parser(layout: SyntheticGuest.layout).parse("unit 0x1000 {\n\(Self.body)}\n")
        try #require(Verifier(layout: SyntheticGuest.layout).errors(in: unit).isEmpty)
        let (count, pool) = (unit.count, unit.poolCount)
        let saved = Array(UnsafeBufferPointer(start: unit.instructions, count: count))
        let words = Array(UnsafeBufferPointer(start: unit.pool, count: pool))
        var settings: [(String, Passes)] = [("nothing", .none), ("all", .all)]
        settings += Passes.names.map { ($0.name.description, $0.pass) }
        for (name, passes) in settings {
            var optimizer = Optimizer(passes: passes)
            var best = Double.infinity
            for _ in 0..<20 {
                let start = DispatchTime.now().uptimeNanoseconds
                for _ in 0..<2000 {
                    saved.withUnsafeBufferPointer { unit.instructions.update(from: $0.baseAddress!, count: count) }
                    words.withUnsafeBufferPointer { unit.pool.update(from: $0.baseAddress!, count: pool) }
                    optimizer.run(&unit)
                }
                let end = DispatchTime.now().uptimeNanoseconds
                best = min(best, Double(end - start) / 2000 / Double(count))
            }
            print("\(name): \(best) ns an instruction")
        }
        print(Printer(layout: SyntheticGuest.layout).text(of: unit))
    }

    /// Random units one after another: nothing that a branch predictor could learn by heart.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["LYREBIRD_SPEED"] != nil))
    func nanosecondsPerRandomInstruction() {
        var unit = Unit()
        var optimizer = Optimizer()
        // The first time a unit is seen, and again.
        var spent: [UInt64] = [0, 0, 0, 0]
        var count = 0
        for seed in 0..<4000 {
            for round in spent.indices {
                var generator = RandomUnit(seed: UInt64(seed))
                if round < 2 { generator.make(into: &unit) }
                let saved = Array(UnsafeBufferPointer(start: unit.instructions, count: unit.count))
                let start = DispatchTime.now().uptimeNanoseconds
                optimizer.run(&unit)
                spent[round] += DispatchTime.now().uptimeNanoseconds - start
                if round > 0 { for n in 0..<saved.count { unit.instructions[n] = saved[n] } }
            }
            count += unit.count
        }
        print("random units: \(spent.map { Double($0) / Double(count) }) ns an instruction")
    }
}
